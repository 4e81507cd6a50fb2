CREATE TABLE `idempotency_answers` (
	`call_id` integer PRIMARY KEY NOT NULL,
	`status` integer NOT NULL,
	`fields` text NOT NULL,
	`body` blob NOT NULL,
	FOREIGN KEY (`call_id`) REFERENCES `idempotency_keys`(`call_id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "idempotency_answers_status" CHECK("idempotency_answers"."status" BETWEEN 200 AND 499)
) STRICT;
--> statement-breakpoint
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
--> statement-breakpoint
CREATE UNIQUE INDEX `idempotency_keys_once` ON `idempotency_keys` (`account_id`,`key`);--> statement-breakpoint
CREATE TABLE `idempotency_sums` (
	`account_id` integer PRIMARY KEY NOT NULL,
	`keys` integer NOT NULL,
	`bytes` integer NOT NULL,
	CONSTRAINT "idempotency_sums_not_negative" CHECK("idempotency_sums"."keys" >= 0 AND "idempotency_sums"."bytes" >= 0)
) STRICT;
--> statement-breakpoint
CREATE TRIGGER `idempotency_keys_counted` AFTER INSERT ON `idempotency_keys` BEGIN
  INSERT INTO `idempotency_sums` (`account_id`, `keys`, `bytes`) VALUES (NEW.`account_id`, 1, NEW.`bytes`), (0, 1, NEW.`bytes`)
  ON CONFLICT (`account_id`) DO UPDATE SET `keys` = `keys` + 1, `bytes` = `bytes` + NEW.`bytes`;
END;
--> statement-breakpoint
CREATE TRIGGER `idempotency_keys_answered` AFTER UPDATE OF `bytes` ON `idempotency_keys` BEGIN
  UPDATE `idempotency_sums` SET `bytes` = `bytes` - OLD.`bytes` + NEW.`bytes` WHERE `account_id` IN (NEW.`account_id`, 0);
END;
--> statement-breakpoint
CREATE TRIGGER `idempotency_keys_forgotten` AFTER DELETE ON `idempotency_keys` BEGIN
  DELETE FROM `idempotency_answers` WHERE `call_id` = OLD.`call_id`;
  UPDATE `idempotency_sums` SET `keys` = `keys` - 1, `bytes` = `bytes` - OLD.`bytes` WHERE `account_id` IN (OLD.`account_id`, 0);
END;
