CREATE TRIGGER `accounts_fixed` BEFORE UPDATE OF `id`, `address`, `created_at_ms` ON `accounts`
  BEGIN SELECT RAISE(ABORT, 'accounts is append only but for its amounts'); END;
CREATE TRIGGER `accounts_no_delete` BEFORE DELETE ON `accounts` BEGIN SELECT RAISE(ABORT, 'accounts is append only'); END;
CREATE TRIGGER `audit_no_delete` BEFORE DELETE ON `audit` BEGIN SELECT RAISE(ABORT, 'audit is append only'); END;
CREATE TRIGGER `audit_no_update` BEFORE UPDATE ON `audit` BEGIN SELECT RAISE(ABORT, 'audit is append only'); END;
CREATE TRIGGER `batch_envelopes_cost` BEFORE UPDATE OF `fee_stroops` ON `batch_envelopes`
  WHEN OLD.`fee_stroops` IS NOT NULL AND NEW.`fee_stroops` IS NOT OLD.`fee_stroops`
  BEGIN SELECT RAISE(ABORT, 'batch_envelopes is append only: a fee is noted once'); END;
CREATE TRIGGER `batch_envelopes_fixed` BEFORE UPDATE OF `hash`, `batch_id`, `envelope_xdr`, `sequence`, `max_time_s`, `created_at_ms`, `inner_hash` ON `batch_envelopes`
  BEGIN SELECT RAISE(ABORT, 'batch_envelopes is append only but for how an envelope ended and what it cost'); END;
CREATE TRIGGER `batch_envelopes_landed` BEFORE UPDATE OF `state` ON `batch_envelopes`
  WHEN OLD.`state` = 'landed' AND NEW.`state` <> 'landed'
  BEGIN SELECT RAISE(ABORT, 'batch_envelopes is append only: what has landed stays so'); END;
CREATE TRIGGER `batch_envelopes_no_delete` BEFORE DELETE ON `batch_envelopes`
  WHEN OLD.`state` IN ('live', 'landed') OR (SELECT `state` FROM `batches` WHERE `id` = OLD.`batch_id`) IS NOT 'sealed'
  BEGIN SELECT RAISE(ABORT, 'batch_envelopes is append only: what may have been sent stays'); END;
CREATE TRIGGER `batch_lines_fixed` BEFORE UPDATE OF `batch_id`, `position`, `payee`, `account_id`, `carried_receivable`, `carried_held` ON `batch_lines`
  BEGIN SELECT RAISE(ABORT, 'batch_lines is append only but for its amount while it is filed, and what was taken'); END;
CREATE TRIGGER `batch_lines_no_delete` BEFORE DELETE ON `batch_lines`
  WHEN (SELECT `state` FROM `batches` WHERE `id` = OLD.`batch_id`) IS NOT 'sealed'
  BEGIN SELECT RAISE(ABORT, 'batch_lines is append only: what may have been sent stays'); END;
CREATE TRIGGER `batch_lines_sent` BEFORE UPDATE OF `amount` ON `batch_lines`
  WHEN (SELECT `state` FROM `batches` WHERE `id` = OLD.`batch_id`) IS NOT 'sealed'
  BEGIN SELECT RAISE(ABORT, 'batch_lines is append only: an amount grows while its batch is filed'); END;
CREATE TRIGGER `batch_lines_taken` BEFORE UPDATE OF `taken` ON `batch_lines`
  WHEN OLD.`taken` IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'batch_lines is append only: a line is answered once'); END;
CREATE TRIGGER `batches_fixed` BEFORE UPDATE OF `id`, `lane`, `batch`, `root`, `leaves`, `oldest_at_ms`, `sealed_at_ms` ON `batches`
  BEGIN SELECT RAISE(ABORT, 'batches is append only but for its state'); END;
CREATE TRIGGER `batches_no_delete` BEFORE DELETE ON `batches`
  WHEN OLD.`state` <> 'sealed'
  BEGIN SELECT RAISE(ABORT, 'batches is append only: what may have been sent stays'); END;
CREATE TRIGGER `batches_sent` BEFORE UPDATE OF `total` ON `batches`
  WHEN OLD.`state` <> 'sealed'
  BEGIN SELECT RAISE(ABORT, 'batches is append only: a total grows while its batch is filed'); END;
CREATE TRIGGER `batches_settled` BEFORE UPDATE OF `state`, `confirmed_at_ms`, `ledger`, `tx_hash` ON `batches`
  WHEN OLD.`state` = 'confirmed' AND (NEW.`state`, NEW.`confirmed_at_ms`, NEW.`ledger`, NEW.`tx_hash`)
    IS NOT (OLD.`state`, OLD.`confirmed_at_ms`, OLD.`ledger`, OLD.`tx_hash`)
  BEGIN SELECT RAISE(ABORT, 'batches is append only: what is confirmed stays so'); END;
CREATE TRIGGER `charges_enqueue` AFTER INSERT ON `charges` BEGIN INSERT INTO `unsealed` (`charge_id`, `account_id`) VALUES (NEW.`id`, NEW.`account_id`); END;
CREATE TRIGGER `charges_no_delete` BEFORE DELETE ON `charges` BEGIN SELECT RAISE(ABORT, 'charges is append only'); END;
CREATE TRIGGER `charges_no_update` BEFORE UPDATE ON `charges` BEGIN SELECT RAISE(ABORT, 'charges is append only'); END;
CREATE TRIGGER `classic_forwards_ended` BEFORE UPDATE ON `classic_forwards`
  WHEN OLD.`state` <> 'live'
  BEGIN SELECT RAISE(ABORT, 'classic_forwards is append only: an envelope ends once'); END;
CREATE TRIGGER `classic_forwards_fixed` BEFORE UPDATE OF `hash`, `payment_id`, `envelope_xdr`, `sequence`, `max_time_s`, `created_at_ms` ON `classic_forwards`
  BEGIN SELECT RAISE(ABORT, 'classic_forwards is append only but for how an envelope ended'); END;
CREATE TRIGGER `classic_forwards_no_delete` BEFORE DELETE ON `classic_forwards` BEGIN SELECT RAISE(ABORT, 'classic_forwards is append only'); END;
CREATE TRIGGER `classic_payments_came` AFTER INSERT ON `classic_payments`
  WHEN NEW.`state` IN ('unattributed', 'below_min', 'due')
  BEGIN
    INSERT INTO `classic_sums` (`to_address`, `state`, `payments`, `amount`) VALUES (NEW.`to_address`, NEW.`state`, 1, NEW.`amount`)
      ON CONFLICT (`to_address`, `state`) DO UPDATE SET `payments` = `payments` + 1, `amount` = `amount` + excluded.`amount`;
  END;
CREATE TRIGGER `classic_payments_entered` AFTER UPDATE OF `state` ON `classic_payments`
  WHEN OLD.`state` <> NEW.`state` AND NEW.`state` IN ('unattributed', 'below_min', 'due')
  BEGIN
    INSERT INTO `classic_sums` (`to_address`, `state`, `payments`, `amount`) VALUES (NEW.`to_address`, NEW.`state`, 1, NEW.`amount`)
      ON CONFLICT (`to_address`, `state`) DO UPDATE SET `payments` = `payments` + 1, `amount` = `amount` + excluded.`amount`;
  END;
CREATE TRIGGER `classic_payments_fixed` BEFORE UPDATE OF `id`, `operation_id`, `ledger`, `closed_at_ms`, `tx_hash`, `from_address`, `to_address`, `amount`, `memo_type`, `memo` ON `classic_payments`
  BEGIN SELECT RAISE(ABORT, 'classic_payments is append only but for what becomes of a payment'); END;
CREATE TRIGGER `classic_payments_forwarded` BEFORE UPDATE OF `state`, `account_id` ON `classic_payments`
  WHEN OLD.`state` = 'forwarded' AND (NEW.`state`, NEW.`account_id`) IS NOT (OLD.`state`, OLD.`account_id`)
  BEGIN SELECT RAISE(ABORT, 'classic_payments is append only: what is in the vault stays there'); END;
CREATE TRIGGER `classic_payments_left` AFTER UPDATE OF `state` ON `classic_payments`
  WHEN OLD.`state` <> NEW.`state` AND OLD.`state` IN ('unattributed', 'below_min', 'due')
  BEGIN
    UPDATE `classic_sums` SET `payments` = `payments` - 1, `amount` = `amount` - OLD.`amount`
      WHERE `to_address` = OLD.`to_address` AND `state` = OLD.`state`;
  END;
CREATE TRIGGER `classic_payments_no_delete` BEFORE DELETE ON `classic_payments` BEGIN SELECT RAISE(ABORT, 'classic_payments is append only'); END;
CREATE TRIGGER `classic_set_aside_no_delete` BEFORE DELETE ON `classic_set_aside` BEGIN SELECT RAISE(ABORT, 'classic_set_aside is append only'); END;
CREATE TRIGGER `classic_set_aside_no_update` BEFORE UPDATE ON `classic_set_aside` BEGIN SELECT RAISE(ABORT, 'classic_set_aside is append only'); END;
CREATE TRIGGER `classic_sums_fixed` BEFORE UPDATE OF `to_address`, `state` ON `classic_sums`
  BEGIN SELECT RAISE(ABORT, 'classic_sums is append only but for its sums'); END;
CREATE TRIGGER `classic_sums_no_delete` BEFORE DELETE ON `classic_sums` BEGIN SELECT RAISE(ABORT, 'classic_sums is append only'); END;
CREATE TRIGGER `deposit_aliases_no_delete` BEFORE DELETE ON `deposit_aliases` BEGIN SELECT RAISE(ABORT, 'deposit_aliases is append only'); END;
CREATE TRIGGER `deposit_aliases_no_update` BEFORE UPDATE ON `deposit_aliases` BEGIN SELECT RAISE(ABORT, 'deposit_aliases is append only'); END;
CREATE TRIGGER `earnings_fixed` BEFORE UPDATE OF `payee`, `lane` ON `earnings`
  BEGIN SELECT RAISE(ABORT, 'earnings is append only but for what was earned'); END;
CREATE TRIGGER `earnings_grow` BEFORE UPDATE OF `gross` ON `earnings`
  WHEN NEW.`gross` < OLD.`gross`
  BEGIN SELECT RAISE(ABORT, 'earnings is append only: gross earnings only grow'); END;
CREATE TRIGGER `earnings_no_delete` BEFORE DELETE ON `earnings` BEGIN SELECT RAISE(ABORT, 'earnings is append only'); END;
CREATE TRIGGER `exits_ended` BEFORE UPDATE ON `exits`
  WHEN OLD.`state` <> 'open'
  BEGIN SELECT RAISE(ABORT, 'exits is append only: an exit ends once'); END;
CREATE TRIGGER `exits_fixed` BEFORE UPDATE OF `id`, `account_id`, `to_address`, `amount`, `envelope_xdr`, `made_ledger`, `expires_ledger`, `created_at_ms` ON `exits`
  BEGIN SELECT RAISE(ABORT, 'exits is append only but for how an exit ended'); END;
CREATE TRIGGER `exits_no_delete` BEFORE DELETE ON `exits` BEGIN SELECT RAISE(ABORT, 'exits is append only'); END;
CREATE TRIGGER `finishes_no_delete` BEFORE DELETE ON `finishes` BEGIN SELECT RAISE(ABORT, 'finishes is append only'); END;
CREATE TRIGGER `finishes_no_update` BEFORE UPDATE ON `finishes` BEGIN SELECT RAISE(ABORT, 'finishes is append only'); END;
CREATE TRIGGER `idempotency_keys_answered` AFTER UPDATE OF `bytes` ON `idempotency_keys` BEGIN
  UPDATE `idempotency_sums` SET `bytes` = `bytes` - OLD.`bytes` + NEW.`bytes` WHERE `account_id` IN (NEW.`account_id`, 0);
END;
CREATE TRIGGER `idempotency_keys_counted` AFTER INSERT ON `idempotency_keys` BEGIN
  INSERT INTO `idempotency_sums` (`account_id`, `keys`, `bytes`) VALUES (NEW.`account_id`, 1, NEW.`bytes`), (0, 1, NEW.`bytes`)
  ON CONFLICT (`account_id`) DO UPDATE SET `keys` = `keys` + 1, `bytes` = `bytes` + NEW.`bytes`;
END;
CREATE TRIGGER `idempotency_keys_forgotten` AFTER DELETE ON `idempotency_keys` BEGIN
  DELETE FROM `idempotency_answers` WHERE `call_id` = OLD.`call_id`;
  UPDATE `idempotency_sums` SET `keys` = `keys` - 1, `bytes` = `bytes` - OLD.`bytes` WHERE `account_id` IN (OLD.`account_id`, 0);
END;
CREATE TRIGGER `lanes_fixed` BEFORE UPDATE OF `lane` ON `lanes` BEGIN SELECT RAISE(ABORT, 'lanes is append only but for its newest number'); END;
CREATE TRIGGER `lanes_no_delete` BEFORE DELETE ON `lanes` BEGIN SELECT RAISE(ABORT, 'lanes is append only'); END;
CREATE TRIGGER `payouts_ended` BEFORE UPDATE ON `payouts`
  WHEN OLD.`state` <> 'sent'
  BEGIN SELECT RAISE(ABORT, 'payouts is append only: a claim ends once'); END;
CREATE TRIGGER `payouts_fixed` BEFORE UPDATE OF `id`, `payee`, `lane`, `amount`, `tx_hash`, `at_ms` ON `payouts`
  BEGIN SELECT RAISE(ABORT, 'payouts is append only but for how a claim ended'); END;
CREATE TRIGGER `payouts_no_delete` BEFORE DELETE ON `payouts` BEGIN SELECT RAISE(ABORT, 'payouts is append only'); END;
CREATE TRIGGER `receivables_ended` BEFORE UPDATE ON `receivables`
  WHEN OLD.`state` IN ('closed', 'written_off')
  BEGIN SELECT RAISE(ABORT, 'receivables is append only: a debt ends once'); END;
CREATE TRIGGER `receivables_fixed` BEFORE UPDATE OF `id`, `batch_id`, `position`, `account_id`, `payee`, `amount`, `kind` ON `receivables`
  BEGIN SELECT RAISE(ABORT, 'receivables is append only but for what becomes of a debt'); END;
CREATE TRIGGER `receivables_no_delete` BEFORE DELETE ON `receivables` BEGIN SELECT RAISE(ABORT, 'receivables is append only'); END;
CREATE TRIGGER `refunds_no_delete` BEFORE DELETE ON `refunds` BEGIN SELECT RAISE(ABORT, 'refunds is append only'); END;
CREATE TRIGGER `refunds_no_update` BEFORE UPDATE ON `refunds` BEGIN SELECT RAISE(ABORT, 'refunds is append only'); END;
CREATE TRIGGER `routes_no_delete` BEFORE DELETE ON `routes` BEGIN SELECT RAISE(ABORT, 'routes is append only'); END;
CREATE TRIGGER `routes_no_update` BEFORE UPDATE ON `routes` BEGIN SELECT RAISE(ABORT, 'routes is append only'); END;
CREATE TRIGGER `sealed_charges_no_delete` BEFORE DELETE ON `sealed_charges`
  WHEN (SELECT `state` FROM `batches` WHERE `id` = OLD.`batch_id`) IS NOT 'sealed'
  BEGIN SELECT RAISE(ABORT, 'sealed_charges is append only: what may have been sent stays'); END;
CREATE TRIGGER `sealed_charges_no_update` BEFORE UPDATE ON `sealed_charges` BEGIN SELECT RAISE(ABORT, 'sealed_charges is append only'); END;
CREATE TRIGGER `tokens_fixed` BEFORE UPDATE OF `id`, `jti`, `account_id`, `scope`, `issued_at_ms`, `expires_at_ms`, `cap`, `source`, `label` ON `tokens`
  BEGIN SELECT RAISE(ABORT, 'tokens is append only but for what was spent and whether it is revoked'); END;
CREATE TRIGGER `tokens_no_delete` BEFORE DELETE ON `tokens` BEGIN SELECT RAISE(ABORT, 'tokens is append only'); END;
CREATE TRIGGER `tokens_revoked` BEFORE UPDATE OF `revoked_at_ms` ON `tokens`
  WHEN OLD.`revoked_at_ms` IS NOT NULL AND NEW.`revoked_at_ms` IS NOT OLD.`revoked_at_ms`
  BEGIN SELECT RAISE(ABORT, 'tokens is append only: what is revoked stays so'); END;
CREATE TRIGGER `unsealed_no_update` BEFORE UPDATE ON `unsealed` BEGIN SELECT RAISE(ABORT, 'unsealed is append only'); END;
CREATE TRIGGER `usage_daily_fixed` BEFORE UPDATE OF `day`, `account_id`, `route_id` ON `usage_daily`
  BEGIN SELECT RAISE(ABORT, 'usage_daily is append only but for its sums'); END;
CREATE TRIGGER `usage_daily_no_delete` BEFORE DELETE ON `usage_daily`
  WHEN OLD.`calls` <> 0
  BEGIN SELECT RAISE(ABORT, 'usage_daily is append only: a sum goes with its last call'); END;
CREATE TRIGGER `vault_events_no_delete` BEFORE DELETE ON `vault_events` BEGIN SELECT RAISE(ABORT, 'vault_events is append only'); END;
CREATE TRIGGER `vault_events_no_update` BEFORE UPDATE ON `vault_events` BEGIN SELECT RAISE(ABORT, 'vault_events is append only'); END;
CREATE TABLE `accounts` (
	`id` integer PRIMARY KEY NOT NULL,
	`address` text NOT NULL,
	`deposited` integer NOT NULL,
	`settled` integer NOT NULL,
	`withdrawn` integer NOT NULL,
	`requested` integer NOT NULL,
	`unlock_at_s` integer,
	`limit_units` integer NOT NULL,
	`pending_limit` integer,
	`pending_limit_at_s` integer,
	`period` integer NOT NULL,
	`used` integer NOT NULL,
	`charged_sealed` integer NOT NULL,
	`refunded_sealed` integer NOT NULL,
	`receivable` integer NOT NULL,
	`held_for_payee` integer NOT NULL,
	`written_off` integer NOT NULL,
	`settled_elsewhere` integer NOT NULL,
	`snapshot_ledger` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	CONSTRAINT "accounts_not_negative" CHECK("accounts"."deposited" >= 0 AND "accounts"."settled" >= 0 AND "accounts"."withdrawn" >= 0 AND "accounts"."requested" >= 0
      AND "accounts"."limit_units" >= 0 AND "accounts"."used" >= 0 AND "accounts"."charged_sealed" >= "accounts"."refunded_sealed"
      AND "accounts"."refunded_sealed" >= 0 AND "accounts"."receivable" >= 0 AND "accounts"."held_for_payee" >= 0
      AND "accounts"."written_off" >= 0 AND "accounts"."settled_elsewhere" >= 0)
) STRICT;
CREATE TABLE `api_pauses` (
	`api` text PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`reason` text NOT NULL
) STRICT;
CREATE TABLE `audit` (
	`id` integer PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`subject` text NOT NULL,
	`detail` text NOT NULL
) STRICT;
CREATE TABLE `batch_envelopes` (
	`hash` text PRIMARY KEY NOT NULL,
	`batch_id` integer NOT NULL,
	`envelope_xdr` text NOT NULL,
	`sequence` text NOT NULL,
	`max_time_s` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`state` text NOT NULL,
	`inner_hash` text, `fee_stroops` integer,
	FOREIGN KEY (`batch_id`) REFERENCES `batches`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "batch_envelopes_state" CHECK("batch_envelopes"."state" IN ('live', 'landed', 'failed', 'expired'))
) STRICT;
CREATE TABLE `batch_lines` (
	`batch_id` integer NOT NULL,
	`position` integer NOT NULL,
	`payee` text NOT NULL,
	`account_id` integer NOT NULL,
	`amount` integer NOT NULL,
	`carried_receivable` integer NOT NULL,
	`carried_held` integer NOT NULL,
	`taken` integer,
	PRIMARY KEY(`batch_id`, `position`),
	FOREIGN KEY (`batch_id`) REFERENCES `batches`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "batch_lines_amounts" CHECK("batch_lines"."amount" > 0 AND "batch_lines"."carried_receivable" >= 0 AND "batch_lines"."carried_held" >= 0
      AND "batch_lines"."carried_receivable" + "batch_lines"."carried_held" <= "batch_lines"."amount"
      AND ("batch_lines"."taken" IS NULL OR "batch_lines"."taken" BETWEEN -1 AND "batch_lines"."amount"))
) STRICT;
CREATE TABLE `batches` (
	`id` integer PRIMARY KEY NOT NULL,
	`lane` integer NOT NULL,
	`batch` integer NOT NULL,
	`root` text NOT NULL,
	`state` text NOT NULL,
	`total` integer NOT NULL,
	`leaves` integer NOT NULL,
	`oldest_at_ms` integer,
	`sealed_at_ms` integer NOT NULL,
	`confirmed_at_ms` integer,
	`ledger` integer,
	`tx_hash` text,
	CONSTRAINT "batches_state" CHECK("batches"."state" IN ('sealed', 'submitted', 'confirmed')),
	CONSTRAINT "batches_confirmed" CHECK(("batches"."state" = 'confirmed') = ("batches"."ledger" IS NOT NULL)),
	CONSTRAINT "batches_root" CHECK(length("batches"."root") = 64)
) STRICT;
CREATE TABLE `charges` (
	`id` integer PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`account_id` integer NOT NULL,
	`token_id` integer,
	`route_id` integer NOT NULL,
	`method` text NOT NULL,
	`status` integer NOT NULL,
	`price` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`route_id`) REFERENCES `routes`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "charges_price" CHECK("charges"."price" >= 0 AND "charges"."price" <= 9007199254740991)
) STRICT;
CREATE TABLE `classic_forwards` (
	`hash` text PRIMARY KEY NOT NULL,
	`payment_id` integer NOT NULL,
	`envelope_xdr` text NOT NULL,
	`sequence` text NOT NULL,
	`max_time_s` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`state` text NOT NULL,
	FOREIGN KEY (`payment_id`) REFERENCES `classic_payments`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "classic_forwards_state" CHECK("classic_forwards"."state" IN ('live', 'landed', 'failed', 'expired'))
) STRICT;
CREATE TABLE `classic_payments` (
	`id` integer PRIMARY KEY NOT NULL,
	`operation_id` text NOT NULL,
	`ledger` integer NOT NULL,
	`closed_at_ms` integer NOT NULL,
	`tx_hash` text NOT NULL,
	`from_address` text NOT NULL,
	`to_address` text NOT NULL,
	`amount` integer NOT NULL,
	`memo_type` text NOT NULL,
	`memo` text,
	`account_id` integer,
	`state` text NOT NULL,
	`note` text,
	`forward_tx_hash` text,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "classic_payments_amount" CHECK("classic_payments"."amount" > 0),
	CONSTRAINT "classic_payments_state" CHECK("classic_payments"."state" IN ('unattributed', 'below_min', 'due', 'sent', 'forwarded', 'closed')),
	CONSTRAINT "classic_payments_owner" CHECK("classic_payments"."state" NOT IN ('due', 'sent') OR "classic_payments"."account_id" IS NOT NULL)
) STRICT;
CREATE TABLE `classic_set_aside` (
	`id` text PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`reason` text NOT NULL,
	`data` text NOT NULL
) STRICT;
CREATE TABLE `classic_sums` (
	`to_address` text NOT NULL,
	`state` text NOT NULL,
	`payments` integer NOT NULL,
	`amount` integer NOT NULL,
	PRIMARY KEY(`to_address`, `state`),
	CONSTRAINT "classic_sums_state" CHECK("classic_sums"."state" IN ('unattributed', 'below_min', 'due')),
	CONSTRAINT "classic_sums_range" CHECK("classic_sums"."payments" >= 0 AND "classic_sums"."amount" >= 0)
) STRICT;
CREATE TABLE `cursors` (
	`name` text PRIMARY KEY NOT NULL,
	`cursor` text NOT NULL,
	`ledger` integer NOT NULL,
	`closed_at_ms` integer NOT NULL
) STRICT;
CREATE TABLE `deposit_aliases` (
	`alias` text PRIMARY KEY NOT NULL,
	`account_id` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
CREATE TABLE `earnings` (
	`payee` text NOT NULL,
	`lane` integer NOT NULL,
	`gross` integer NOT NULL,
	PRIMARY KEY(`payee`, `lane`),
	CONSTRAINT "earnings_gross" CHECK("earnings"."gross" >= 0)
) STRICT;
CREATE TABLE `exits` (
	`id` integer PRIMARY KEY NOT NULL,
	`account_id` integer NOT NULL,
	`to_address` text NOT NULL,
	`amount` integer NOT NULL,
	`envelope_xdr` text NOT NULL,
	`made_ledger` integer NOT NULL,
	`expires_ledger` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`state` text NOT NULL,
	`ended_at_ms` integer,
	`tx_hash` text,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "exits_amount" CHECK("exits"."amount" > 0),
	CONSTRAINT "exits_life" CHECK("exits"."expires_ledger" > "exits"."made_ledger"),
	CONSTRAINT "exits_state" CHECK("exits"."state" IN ('open', 'landed', 'expired')),
	CONSTRAINT "exits_ended" CHECK(("exits"."state" = 'open') = ("exits"."ended_at_ms" IS NULL)),
	CONSTRAINT "exits_landed" CHECK(("exits"."state" = 'landed') = ("exits"."tx_hash" IS NOT NULL))
) STRICT;
CREATE TABLE `finishes` (
	`charge_id` integer PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`outcome` text NOT NULL,
	`bytes_in` integer NOT NULL,
	`bytes_out` integer NOT NULL,
	`duration_ms` integer NOT NULL,
	FOREIGN KEY (`charge_id`) REFERENCES `charges`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "finishes_outcome" CHECK("finishes"."outcome" IN ('completed', 'client_gone', 'upstream_broke', 'gateway_failed'))
) STRICT;
CREATE TABLE `idempotency_answers` (
	`call_id` integer PRIMARY KEY NOT NULL,
	`status` integer NOT NULL,
	`fields` text NOT NULL,
	`body` blob NOT NULL,
	FOREIGN KEY (`call_id`) REFERENCES `idempotency_keys`(`call_id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "idempotency_answers_status" CHECK("idempotency_answers"."status" BETWEEN 200 AND 499)
) STRICT;
CREATE TABLE `idempotency_keys` (
	`call_id` integer PRIMARY KEY NOT NULL,
	`account_id` integer NOT NULL,
	`key` text NOT NULL,
	`fingerprint` blob NOT NULL,
	`at_ms` integer NOT NULL,
	`state` text NOT NULL,
	`bytes` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "idempotency_keys_length" CHECK(length("idempotency_keys"."key") BETWEEN 1 AND 255 AND length("idempotency_keys"."fingerprint") = 32),
	CONSTRAINT "idempotency_keys_state" CHECK("idempotency_keys"."state" IN ('begun', 'answered', 'spent')),
	CONSTRAINT "idempotency_keys_bytes" CHECK("idempotency_keys"."bytes" >= 0 AND ("idempotency_keys"."bytes" = 0 OR "idempotency_keys"."state" = 'answered'))
) STRICT;
CREATE TABLE `idempotency_sums` (
	`account_id` integer PRIMARY KEY NOT NULL,
	`keys` integer NOT NULL,
	`bytes` integer NOT NULL,
	CONSTRAINT "idempotency_sums_not_negative" CHECK("idempotency_sums"."keys" >= 0 AND "idempotency_sums"."bytes" >= 0)
) STRICT;
CREATE TABLE `lanes` (
	`lane` integer PRIMARY KEY NOT NULL,
	`last_batch` integer NOT NULL,
	CONSTRAINT "lanes_range" CHECK("lanes"."lane" >= 0 AND "lanes"."last_batch" >= 0)
) STRICT;
CREATE TABLE `login_challenges` (
	`hash` text PRIMARY KEY NOT NULL,
	`expires_at_ms` integer NOT NULL
) STRICT;
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) STRICT;
CREATE TABLE `payees` (
	`address` text PRIMARY KEY NOT NULL,
	`listed` integer NOT NULL,
	`ledger` integer NOT NULL
) STRICT;
CREATE TABLE `payouts` (
	`id` integer PRIMARY KEY NOT NULL,
	`payee` text NOT NULL,
	`lane` integer NOT NULL,
	`amount` integer NOT NULL,
	`tx_hash` text,
	`state` text NOT NULL,
	`at_ms` integer NOT NULL,
	CONSTRAINT "payouts_state" CHECK("payouts"."state" IN ('sent', 'paid', 'failed'))
) STRICT;
CREATE TABLE `receivables` (
	`id` integer PRIMARY KEY NOT NULL,
	`batch_id` integer NOT NULL,
	`position` integer NOT NULL,
	`account_id` integer NOT NULL,
	`payee` text NOT NULL,
	`amount` integer NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`in_batch_id` integer,
	`leaf` integer,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`in_batch_id`) REFERENCES `batches`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`batch_id`,`position`) REFERENCES `batch_lines`(`batch_id`,`position`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "receivables_amount" CHECK("receivables"."amount" > 0),
	CONSTRAINT "receivables_kind" CHECK("receivables"."kind" IN ('account', 'payee')),
	CONSTRAINT "receivables_state" CHECK("receivables"."state" IN ('open', 'batched', 'closed', 'written_off')),
	CONSTRAINT "receivables_carry" CHECK(("receivables"."state" IN ('batched', 'closed')) = ("receivables"."in_batch_id" IS NOT NULL))
) STRICT;
CREATE TABLE `refunds` (
	`charge_id` integer PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`amount` integer NOT NULL,
	`reason` text NOT NULL,
	FOREIGN KEY (`charge_id`) REFERENCES `charges`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "refunds_amount" CHECK("refunds"."amount" > 0)
) STRICT;
CREATE TABLE `routes` (
	`id` integer PRIMARY KEY NOT NULL,
	`api` text NOT NULL,
	`payee` text NOT NULL,
	`method` text NOT NULL,
	`template` text NOT NULL
) STRICT;
CREATE TABLE `sealed_charges` (
	`charge_id` integer PRIMARY KEY NOT NULL,
	`account_id` integer NOT NULL,
	`batch_id` integer,
	`leaf` integer,
	`finished` integer NOT NULL,
	FOREIGN KEY (`charge_id`) REFERENCES `charges`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`batch_id`) REFERENCES `batches`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "sealed_charges_leaf_of_batch" CHECK(("sealed_charges"."batch_id" IS NULL) = ("sealed_charges"."leaf" IS NULL))
) STRICT;
CREATE TABLE `tokens` (
	`id` integer PRIMARY KEY NOT NULL,
	`jti` text NOT NULL,
	`account_id` integer NOT NULL,
	`scope` text NOT NULL,
	`issued_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`cap` integer,
	`spent_sealed` integer NOT NULL,
	`revoked_at_ms` integer,
	`source` text NOT NULL,
	`label` text NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "tokens_source" CHECK("tokens"."source" IN ('wallet', 'operator')),
	CONSTRAINT "tokens_not_negative" CHECK("tokens"."spent_sealed" >= 0 AND ("tokens"."cap" IS NULL OR "tokens"."cap" > 0))
) STRICT;
CREATE TABLE `unsealed` (
	`charge_id` integer PRIMARY KEY NOT NULL,
	`account_id` integer NOT NULL,
	FOREIGN KEY (`charge_id`) REFERENCES `charges`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
CREATE TABLE `usage_daily` (
	`day` integer NOT NULL,
	`account_id` integer NOT NULL,
	`route_id` integer NOT NULL,
	`calls` integer NOT NULL,
	`refunded_calls` integer NOT NULL,
	`gross` integer NOT NULL,
	`refunded` integer NOT NULL,
	PRIMARY KEY(`account_id`, `day`, `route_id`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`route_id`) REFERENCES `routes`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "usage_daily_sums" CHECK("usage_daily"."refunded_calls" BETWEEN 0 AND "usage_daily"."calls" AND "usage_daily"."refunded" >= 0 AND "usage_daily"."gross" >= "usage_daily"."refunded")
) STRICT;
CREATE TABLE `vault_events` (
	`id` text PRIMARY KEY NOT NULL,
	`ledger` integer NOT NULL,
	`closed_at_ms` integer NOT NULL,
	`tx_hash` text NOT NULL,
	`kind` text NOT NULL,
	`account_id` integer,
	`amount` integer,
	`data` text NOT NULL,
	`applied` integer NOT NULL,
	`note` text,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "vault_events_applied" CHECK("vault_events"."applied" IN (0, 1))
) STRICT;
CREATE TABLE `webhook_conditions` (
	`key` text PRIMARY KEY NOT NULL,
	`since_ms` integer NOT NULL
) STRICT;
CREATE TABLE `webhook_deliveries` (
	`id` integer PRIMARY KEY NOT NULL,
	`event_id` integer NOT NULL,
	`endpoint` text NOT NULL,
	`state` text NOT NULL,
	`attempts` integer NOT NULL,
	`next_at_ms` integer NOT NULL,
	`last_status` integer,
	`last_error` text,
	`ended_at_ms` integer,
	FOREIGN KEY (`event_id`) REFERENCES `webhook_events`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "webhook_deliveries_state" CHECK("webhook_deliveries"."state" IN ('waiting', 'delivered', 'dead'))
) STRICT;
CREATE TABLE `webhook_events` (
	`id` integer PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`kind` text NOT NULL,
	`dedupe` text NOT NULL,
	`payload` text NOT NULL
) STRICT;
CREATE UNIQUE INDEX `accounts_address_unique` ON `accounts` (`address`);
CREATE INDEX `batch_envelopes_batch` ON `batch_envelopes` (`batch_id`);
CREATE UNIQUE INDEX `batch_lines_once` ON `batch_lines` (`batch_id`,`payee`,`account_id`);
CREATE INDEX `batches_confirmed_at` ON `batches` (`confirmed_at_ms`) WHERE "batches"."confirmed_at_ms" IS NOT NULL;
CREATE UNIQUE INDEX `batches_number` ON `batches` (`lane`,`batch`);
CREATE UNIQUE INDEX `batches_one_open` ON `batches` (`lane`) WHERE "batches"."state" <> 'confirmed';
CREATE UNIQUE INDEX `classic_forwards_one_live` ON `classic_forwards` (`payment_id`) WHERE "classic_forwards"."state" = 'live';
CREATE INDEX `classic_forwards_payment` ON `classic_forwards` (`payment_id`);
CREATE INDEX `classic_payments_account` ON `classic_payments` (`account_id`) WHERE "classic_payments"."account_id" IS NOT NULL;
CREATE INDEX `classic_payments_held` ON `classic_payments` (`to_address`,`ledger`,`state`,`amount`) WHERE "classic_payments"."state" IN ('unattributed', 'below_min', 'due');
CREATE INDEX `classic_payments_memo` ON `classic_payments` (`memo`) WHERE "classic_payments"."state" = 'unattributed';
CREATE INDEX `classic_payments_open` ON `classic_payments` (`state`,`id`) WHERE "classic_payments"."state" <> 'forwarded';
CREATE UNIQUE INDEX `classic_payments_operation_id_unique` ON `classic_payments` (`operation_id`);
CREATE INDEX `exits_account` ON `exits` (`account_id`,`id`);
CREATE UNIQUE INDEX `exits_one_open` ON `exits` (`account_id`) WHERE "exits"."state" = 'open';
CREATE UNIQUE INDEX `idempotency_keys_once` ON `idempotency_keys` (`account_id`,`key`);
CREATE INDEX `login_challenges_expiry` ON `login_challenges` (`expires_at_ms`);
CREATE INDEX `payouts_payee` ON `payouts` (`payee`,`lane`,`id`);
CREATE INDEX `receivables_account` ON `receivables` (`account_id`) WHERE "receivables"."state" <> 'closed';
CREATE INDEX `receivables_carried` ON `receivables` (`in_batch_id`) WHERE "receivables"."in_batch_id" IS NOT NULL;
CREATE UNIQUE INDEX `receivables_once` ON `receivables` (`batch_id`,`position`);
CREATE INDEX `receivables_open` ON `receivables` (`state`) WHERE "receivables"."state" IN ('open', 'batched');
CREATE UNIQUE INDEX `routes_unique` ON `routes` (`api`,`payee`,`method`,`template`);
CREATE INDEX `sealed_charges_account` ON `sealed_charges` (`account_id`,`charge_id`);
CREATE UNIQUE INDEX `sealed_charges_leaf` ON `sealed_charges` (`batch_id`,`leaf`) WHERE "sealed_charges"."batch_id" IS NOT NULL;
CREATE INDEX `sealed_charges_unfinished` ON `sealed_charges` (`charge_id`) WHERE "sealed_charges"."finished" = 0;
CREATE INDEX `tokens_account` ON `tokens` (`account_id`,`id`);
CREATE UNIQUE INDEX `tokens_jti_unique` ON `tokens` (`jti`);
CREATE INDEX `tokens_special` ON `tokens` (`id`) WHERE "tokens"."cap" IS NOT NULL OR "tokens"."revoked_at_ms" IS NOT NULL;
CREATE INDEX `usage_daily_route` ON `usage_daily` (`route_id`,`day`);
CREATE INDEX `vault_events_account` ON `vault_events` (`account_id`,`ledger`) WHERE "vault_events"."account_id" IS NOT NULL;
CREATE INDEX `vault_events_claims` ON `vault_events` (`closed_at_ms`) WHERE "vault_events"."kind" IN ('claimed', 'fee_collected');
CREATE INDEX `vault_events_set_aside` ON `vault_events` (`kind`) WHERE "vault_events"."account_id" IS NULL AND "vault_events"."applied" = 0;
CREATE INDEX `webhook_deliveries_dead` ON `webhook_deliveries` (`id`) WHERE "webhook_deliveries"."state" = 'dead';
CREATE UNIQUE INDEX `webhook_deliveries_once` ON `webhook_deliveries` (`event_id`,`endpoint`);
CREATE INDEX `webhook_deliveries_waiting` ON `webhook_deliveries` (`next_at_ms`) WHERE "webhook_deliveries"."state" = 'waiting';
CREATE UNIQUE INDEX `webhook_events_dedupe_unique` ON `webhook_events` (`dedupe`);
