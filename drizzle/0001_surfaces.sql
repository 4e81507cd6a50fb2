CREATE TABLE `api_pauses` (
	`api` text PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`reason` text NOT NULL
) STRICT;
--> statement-breakpoint
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
--> statement-breakpoint
CREATE INDEX `classic_forwards_payment` ON `classic_forwards` (`payment_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `classic_forwards_one_live` ON `classic_forwards` (`payment_id`) WHERE "classic_forwards"."state" = 'live';--> statement-breakpoint
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
--> statement-breakpoint
CREATE UNIQUE INDEX `classic_payments_operation_id_unique` ON `classic_payments` (`operation_id`);--> statement-breakpoint
CREATE INDEX `classic_payments_open` ON `classic_payments` (`state`,`id`) WHERE "classic_payments"."state" <> 'forwarded';--> statement-breakpoint
CREATE INDEX `classic_payments_account` ON `classic_payments` (`account_id`) WHERE "classic_payments"."account_id" IS NOT NULL;--> statement-breakpoint
CREATE TABLE `classic_set_aside` (
	`id` text PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`reason` text NOT NULL,
	`data` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `deposit_aliases` (
	`alias` text PRIMARY KEY NOT NULL,
	`account_id` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
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
--> statement-breakpoint
CREATE UNIQUE INDEX `exits_one_open` ON `exits` (`account_id`) WHERE "exits"."state" = 'open';--> statement-breakpoint
CREATE INDEX `exits_account` ON `exits` (`account_id`,`id`);--> statement-breakpoint
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
--> statement-breakpoint
CREATE INDEX `usage_daily_route` ON `usage_daily` (`route_id`,`day`);--> statement-breakpoint
CREATE TABLE `webhook_conditions` (
	`key` text PRIMARY KEY NOT NULL,
	`since_ms` integer NOT NULL
) STRICT;
--> statement-breakpoint
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
--> statement-breakpoint
CREATE INDEX `webhook_deliveries_dead` ON `webhook_deliveries` (`id`) WHERE "webhook_deliveries"."state" = 'dead';--> statement-breakpoint
CREATE INDEX `webhook_deliveries_waiting` ON `webhook_deliveries` (`next_at_ms`) WHERE "webhook_deliveries"."state" = 'waiting';--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_deliveries_once` ON `webhook_deliveries` (`event_id`,`endpoint`);--> statement-breakpoint
CREATE TABLE `webhook_events` (
	`id` integer PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`kind` text NOT NULL,
	`dedupe` text NOT NULL,
	`payload` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_events_dedupe_unique` ON `webhook_events` (`dedupe`);--> statement-breakpoint
CREATE INDEX `batches_confirmed_at` ON `batches` (`confirmed_at_ms`) WHERE "batches"."confirmed_at_ms" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `vault_events_claims` ON `vault_events` (`closed_at_ms`) WHERE "vault_events"."kind" IN ('claimed', 'fee_collected');--> statement-breakpoint
INSERT INTO `usage_daily` (`account_id`, `day`, `route_id`, `calls`, `refunded_calls`, `gross`, `refunded`)
  SELECT c.`account_id`, c.`at_ms` / 86400000, c.`route_id`, COUNT(*), COUNT(f.`amount`), SUM(c.`price`), SUM(COALESCE(f.`amount`, 0))
  FROM `sealed_charges` s JOIN `charges` c ON c.`id` = s.`charge_id` LEFT JOIN `refunds` f ON f.`charge_id` = c.`id`
  GROUP BY 1, 2, 3;
