CREATE TABLE `classic_sums` (
	`to_address` text NOT NULL,
	`state` text NOT NULL,
	`payments` integer NOT NULL,
	`amount` integer NOT NULL,
	PRIMARY KEY(`to_address`, `state`),
	CONSTRAINT "classic_sums_state" CHECK("classic_sums"."state" IN ('unattributed', 'below_min', 'due')),
	CONSTRAINT "classic_sums_range" CHECK("classic_sums"."payments" >= 0 AND "classic_sums"."amount" >= 0)
) STRICT;
--> statement-breakpoint
CREATE INDEX `classic_payments_held` ON `classic_payments` (`to_address`,`ledger`,`state`,`amount`) WHERE "classic_payments"."state" IN ('unattributed', 'below_min', 'due');
--> statement-breakpoint
INSERT INTO `classic_sums` (`to_address`, `state`, `payments`, `amount`)
  SELECT `to_address`, `state`, COUNT(*), SUM(`amount`) FROM `classic_payments`
  WHERE `state` IN ('unattributed', 'below_min', 'due') GROUP BY `to_address`, `state`;
--> statement-breakpoint
CREATE TRIGGER `classic_payments_came` AFTER INSERT ON `classic_payments`
  WHEN NEW.`state` IN ('unattributed', 'below_min', 'due')
  BEGIN
    INSERT INTO `classic_sums` (`to_address`, `state`, `payments`, `amount`) VALUES (NEW.`to_address`, NEW.`state`, 1, NEW.`amount`)
      ON CONFLICT (`to_address`, `state`) DO UPDATE SET `payments` = `payments` + 1, `amount` = `amount` + excluded.`amount`;
  END;
--> statement-breakpoint
CREATE TRIGGER `classic_payments_left` AFTER UPDATE OF `state` ON `classic_payments`
  WHEN OLD.`state` <> NEW.`state` AND OLD.`state` IN ('unattributed', 'below_min', 'due')
  BEGIN
    UPDATE `classic_sums` SET `payments` = `payments` - 1, `amount` = `amount` - OLD.`amount`
      WHERE `to_address` = OLD.`to_address` AND `state` = OLD.`state`;
  END;
--> statement-breakpoint
CREATE TRIGGER `classic_payments_entered` AFTER UPDATE OF `state` ON `classic_payments`
  WHEN OLD.`state` <> NEW.`state` AND NEW.`state` IN ('unattributed', 'below_min', 'due')
  BEGIN
    INSERT INTO `classic_sums` (`to_address`, `state`, `payments`, `amount`) VALUES (NEW.`to_address`, NEW.`state`, 1, NEW.`amount`)
      ON CONFLICT (`to_address`, `state`) DO UPDATE SET `payments` = `payments` + 1, `amount` = `amount` + excluded.`amount`;
  END;
--> statement-breakpoint
CREATE TRIGGER `classic_sums_fixed` BEFORE UPDATE OF `to_address`, `state` ON `classic_sums`
  BEGIN SELECT RAISE(ABORT, 'classic_sums is append only but for its sums'); END;
--> statement-breakpoint
CREATE TRIGGER `classic_sums_no_delete` BEFORE DELETE ON `classic_sums` BEGIN SELECT RAISE(ABORT, 'classic_sums is append only'); END;
