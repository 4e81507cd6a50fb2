-- Rows about money stay as they were written. What may move is what the gateway moves: how something ended, and the sums of
-- what is still being filed. docs/storage.md has the list; none of these is on the way of a call.
CREATE TRIGGER `vault_events_no_update` BEFORE UPDATE ON `vault_events` BEGIN SELECT RAISE(ABORT, 'vault_events is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `vault_events_no_delete` BEFORE DELETE ON `vault_events` BEGIN SELECT RAISE(ABORT, 'vault_events is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `classic_set_aside_no_update` BEFORE UPDATE ON `classic_set_aside` BEGIN SELECT RAISE(ABORT, 'classic_set_aside is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `classic_set_aside_no_delete` BEFORE DELETE ON `classic_set_aside` BEGIN SELECT RAISE(ABORT, 'classic_set_aside is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `deposit_aliases_no_update` BEFORE UPDATE ON `deposit_aliases` BEGIN SELECT RAISE(ABORT, 'deposit_aliases is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `deposit_aliases_no_delete` BEFORE DELETE ON `deposit_aliases` BEGIN SELECT RAISE(ABORT, 'deposit_aliases is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `routes_no_update` BEFORE UPDATE ON `routes` BEGIN SELECT RAISE(ABORT, 'routes is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `routes_no_delete` BEFORE DELETE ON `routes` BEGIN SELECT RAISE(ABORT, 'routes is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `unsealed_no_update` BEFORE UPDATE ON `unsealed` BEGIN SELECT RAISE(ABORT, 'unsealed is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `classic_payments_fixed` BEFORE UPDATE OF `id`, `operation_id`, `ledger`, `closed_at_ms`, `tx_hash`, `from_address`, `to_address`, `amount`, `memo_type`, `memo` ON `classic_payments`
  BEGIN SELECT RAISE(ABORT, 'classic_payments is append only but for what becomes of a payment'); END;
--> statement-breakpoint
CREATE TRIGGER `classic_payments_forwarded` BEFORE UPDATE OF `state`, `account_id` ON `classic_payments`
  WHEN OLD.`state` = 'forwarded' AND (NEW.`state`, NEW.`account_id`) IS NOT (OLD.`state`, OLD.`account_id`)
  BEGIN SELECT RAISE(ABORT, 'classic_payments is append only: what is in the vault stays there'); END;
--> statement-breakpoint
CREATE TRIGGER `classic_payments_no_delete` BEFORE DELETE ON `classic_payments` BEGIN SELECT RAISE(ABORT, 'classic_payments is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `classic_forwards_fixed` BEFORE UPDATE OF `hash`, `payment_id`, `envelope_xdr`, `sequence`, `max_time_s`, `created_at_ms` ON `classic_forwards`
  BEGIN SELECT RAISE(ABORT, 'classic_forwards is append only but for how an envelope ended'); END;
--> statement-breakpoint
CREATE TRIGGER `classic_forwards_ended` BEFORE UPDATE ON `classic_forwards`
  WHEN OLD.`state` <> 'live'
  BEGIN SELECT RAISE(ABORT, 'classic_forwards is append only: an envelope ends once'); END;
--> statement-breakpoint
CREATE TRIGGER `classic_forwards_no_delete` BEFORE DELETE ON `classic_forwards` BEGIN SELECT RAISE(ABORT, 'classic_forwards is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `exits_fixed` BEFORE UPDATE OF `id`, `account_id`, `to_address`, `amount`, `envelope_xdr`, `made_ledger`, `expires_ledger`, `created_at_ms` ON `exits`
  BEGIN SELECT RAISE(ABORT, 'exits is append only but for how an exit ended'); END;
--> statement-breakpoint
CREATE TRIGGER `exits_ended` BEFORE UPDATE ON `exits`
  WHEN OLD.`state` <> 'open'
  BEGIN SELECT RAISE(ABORT, 'exits is append only: an exit ends once'); END;
--> statement-breakpoint
CREATE TRIGGER `exits_no_delete` BEFORE DELETE ON `exits` BEGIN SELECT RAISE(ABORT, 'exits is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `payouts_fixed` BEFORE UPDATE OF `id`, `payee`, `lane`, `amount`, `tx_hash`, `at_ms` ON `payouts`
  BEGIN SELECT RAISE(ABORT, 'payouts is append only but for how a claim ended'); END;
--> statement-breakpoint
CREATE TRIGGER `payouts_ended` BEFORE UPDATE ON `payouts`
  WHEN OLD.`state` <> 'sent'
  BEGIN SELECT RAISE(ABORT, 'payouts is append only: a claim ends once'); END;
--> statement-breakpoint
CREATE TRIGGER `payouts_no_delete` BEFORE DELETE ON `payouts` BEGIN SELECT RAISE(ABORT, 'payouts is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `batches_fixed` BEFORE UPDATE OF `id`, `lane`, `batch`, `root`, `leaves`, `oldest_at_ms`, `sealed_at_ms` ON `batches`
  BEGIN SELECT RAISE(ABORT, 'batches is append only but for its state'); END;
--> statement-breakpoint
CREATE TRIGGER `batches_sent` BEFORE UPDATE OF `total` ON `batches`
  WHEN OLD.`state` <> 'sealed'
  BEGIN SELECT RAISE(ABORT, 'batches is append only: a total grows while its batch is filed'); END;
--> statement-breakpoint
CREATE TRIGGER `batches_settled` BEFORE UPDATE OF `state`, `confirmed_at_ms`, `ledger`, `tx_hash` ON `batches`
  WHEN OLD.`state` = 'confirmed' AND (NEW.`state`, NEW.`confirmed_at_ms`, NEW.`ledger`, NEW.`tx_hash`)
    IS NOT (OLD.`state`, OLD.`confirmed_at_ms`, OLD.`ledger`, OLD.`tx_hash`)
  BEGIN SELECT RAISE(ABORT, 'batches is append only: what is confirmed stays so'); END;
--> statement-breakpoint
CREATE TRIGGER `batches_no_delete` BEFORE DELETE ON `batches`
  WHEN OLD.`state` <> 'sealed'
  BEGIN SELECT RAISE(ABORT, 'batches is append only: what may have been sent stays'); END;
--> statement-breakpoint
CREATE TRIGGER `batch_lines_fixed` BEFORE UPDATE OF `batch_id`, `position`, `payee`, `account_id`, `carried_receivable`, `carried_held` ON `batch_lines`
  BEGIN SELECT RAISE(ABORT, 'batch_lines is append only but for its amount while it is filed, and what was taken'); END;
--> statement-breakpoint
CREATE TRIGGER `batch_lines_sent` BEFORE UPDATE OF `amount` ON `batch_lines`
  WHEN (SELECT `state` FROM `batches` WHERE `id` = OLD.`batch_id`) IS NOT 'sealed'
  BEGIN SELECT RAISE(ABORT, 'batch_lines is append only: an amount grows while its batch is filed'); END;
--> statement-breakpoint
CREATE TRIGGER `batch_lines_taken` BEFORE UPDATE OF `taken` ON `batch_lines`
  WHEN OLD.`taken` IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'batch_lines is append only: a line is answered once'); END;
--> statement-breakpoint
CREATE TRIGGER `batch_lines_no_delete` BEFORE DELETE ON `batch_lines`
  WHEN (SELECT `state` FROM `batches` WHERE `id` = OLD.`batch_id`) IS NOT 'sealed'
  BEGIN SELECT RAISE(ABORT, 'batch_lines is append only: what may have been sent stays'); END;
--> statement-breakpoint
CREATE TRIGGER `sealed_charges_no_update` BEFORE UPDATE ON `sealed_charges` BEGIN SELECT RAISE(ABORT, 'sealed_charges is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `sealed_charges_no_delete` BEFORE DELETE ON `sealed_charges`
  WHEN (SELECT `state` FROM `batches` WHERE `id` = OLD.`batch_id`) IS NOT 'sealed'
  BEGIN SELECT RAISE(ABORT, 'sealed_charges is append only: what may have been sent stays'); END;
--> statement-breakpoint
CREATE TRIGGER `batch_envelopes_fixed` BEFORE UPDATE OF `hash`, `batch_id`, `envelope_xdr`, `sequence`, `max_time_s`, `created_at_ms`, `inner_hash` ON `batch_envelopes`
  BEGIN SELECT RAISE(ABORT, 'batch_envelopes is append only but for how an envelope ended and what it cost'); END;
--> statement-breakpoint
CREATE TRIGGER `batch_envelopes_landed` BEFORE UPDATE OF `state` ON `batch_envelopes`
  WHEN OLD.`state` = 'landed' AND NEW.`state` <> 'landed'
  BEGIN SELECT RAISE(ABORT, 'batch_envelopes is append only: what has landed stays so'); END;
--> statement-breakpoint
CREATE TRIGGER `batch_envelopes_cost` BEFORE UPDATE OF `fee_stroops` ON `batch_envelopes`
  WHEN OLD.`fee_stroops` IS NOT NULL AND NEW.`fee_stroops` IS NOT OLD.`fee_stroops`
  BEGIN SELECT RAISE(ABORT, 'batch_envelopes is append only: a fee is noted once'); END;
--> statement-breakpoint
CREATE TRIGGER `batch_envelopes_no_delete` BEFORE DELETE ON `batch_envelopes`
  WHEN OLD.`state` IN ('live', 'landed') OR (SELECT `state` FROM `batches` WHERE `id` = OLD.`batch_id`) IS NOT 'sealed'
  BEGIN SELECT RAISE(ABORT, 'batch_envelopes is append only: what may have been sent stays'); END;
--> statement-breakpoint
CREATE TRIGGER `receivables_fixed` BEFORE UPDATE OF `id`, `batch_id`, `position`, `account_id`, `payee`, `amount`, `kind` ON `receivables`
  BEGIN SELECT RAISE(ABORT, 'receivables is append only but for what becomes of a debt'); END;
--> statement-breakpoint
CREATE TRIGGER `receivables_ended` BEFORE UPDATE ON `receivables`
  WHEN OLD.`state` IN ('closed', 'written_off')
  BEGIN SELECT RAISE(ABORT, 'receivables is append only: a debt ends once'); END;
--> statement-breakpoint
CREATE TRIGGER `receivables_no_delete` BEFORE DELETE ON `receivables` BEGIN SELECT RAISE(ABORT, 'receivables is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `earnings_fixed` BEFORE UPDATE OF `payee`, `lane` ON `earnings`
  BEGIN SELECT RAISE(ABORT, 'earnings is append only but for what was earned'); END;
--> statement-breakpoint
CREATE TRIGGER `earnings_grow` BEFORE UPDATE OF `gross` ON `earnings`
  WHEN NEW.`gross` < OLD.`gross`
  BEGIN SELECT RAISE(ABORT, 'earnings is append only: gross earnings only grow'); END;
--> statement-breakpoint
CREATE TRIGGER `earnings_no_delete` BEFORE DELETE ON `earnings` BEGIN SELECT RAISE(ABORT, 'earnings is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `accounts_fixed` BEFORE UPDATE OF `id`, `address`, `created_at_ms` ON `accounts`
  BEGIN SELECT RAISE(ABORT, 'accounts is append only but for its amounts'); END;
--> statement-breakpoint
CREATE TRIGGER `accounts_no_delete` BEFORE DELETE ON `accounts` BEGIN SELECT RAISE(ABORT, 'accounts is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `tokens_fixed` BEFORE UPDATE OF `id`, `jti`, `account_id`, `scope`, `issued_at_ms`, `expires_at_ms`, `cap`, `source`, `label` ON `tokens`
  BEGIN SELECT RAISE(ABORT, 'tokens is append only but for what was spent and whether it is revoked'); END;
--> statement-breakpoint
CREATE TRIGGER `tokens_revoked` BEFORE UPDATE OF `revoked_at_ms` ON `tokens`
  WHEN OLD.`revoked_at_ms` IS NOT NULL AND NEW.`revoked_at_ms` IS NOT OLD.`revoked_at_ms`
  BEGIN SELECT RAISE(ABORT, 'tokens is append only: what is revoked stays so'); END;
--> statement-breakpoint
CREATE TRIGGER `tokens_no_delete` BEFORE DELETE ON `tokens` BEGIN SELECT RAISE(ABORT, 'tokens is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `lanes_fixed` BEFORE UPDATE OF `lane` ON `lanes` BEGIN SELECT RAISE(ABORT, 'lanes is append only but for its newest number'); END;
--> statement-breakpoint
CREATE TRIGGER `lanes_no_delete` BEFORE DELETE ON `lanes` BEGIN SELECT RAISE(ABORT, 'lanes is append only'); END;
--> statement-breakpoint
CREATE TRIGGER `usage_daily_fixed` BEFORE UPDATE OF `day`, `account_id`, `route_id` ON `usage_daily`
  BEGIN SELECT RAISE(ABORT, 'usage_daily is append only but for its sums'); END;
--> statement-breakpoint
CREATE TRIGGER `usage_daily_no_delete` BEFORE DELETE ON `usage_daily`
  WHEN OLD.`calls` <> 0
  BEGIN SELECT RAISE(ABORT, 'usage_daily is append only: a sum goes with its last call'); END;
