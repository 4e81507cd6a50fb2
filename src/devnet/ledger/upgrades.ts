/**
 * Changes of the ledger that no transaction makes, such as an account's sequence number set by hand. They come last in the
 * next ledger, where validators have their upgrades, so that its header, its meta and the state file know of them.
 */
import { xdr } from '@stellar/stellar-sdk';
import { BASE_FEE_STROOPS } from './balances.ts';
import { entryChanges } from './entry-changes.ts';
import { createStage, type LedgerStage } from './stage.ts';

export type LedgerStep = (stage: LedgerStage) => void;

export type Upgrade = { upgrade: xdr.LedgerUpgrade; changes: xdr.LedgerEntryChange[] };

export type Upgrades = {
  /** Takes its turn in the next ledger. */
  queue(step: LedgerStep): void;
  /** All that wait, in order of arrival. */
  take(): LedgerStep[];
};

export function createUpgrades(): Upgrades {
  let waiting: LedgerStep[] = [];
  return {
    queue: (step) => {
      waiting.push(step);
    },
    take() {
      const steps = waiting;
      waiting = [];
      return steps;
    },
  };
}

/**
 * The protocol has no upgrade that touches any entry at will: each is told as one that sets the base fee to what it is,
 * with the changes it made.
 */
export function applyUpgrades(steps: readonly LedgerStep[], ledger: LedgerStage): Upgrade[] {
  return steps.map((step) => {
    const stage = createStage(ledger, ledger.sequence);
    step(stage);
    const changes = entryChanges(stage.changes(), ledger.sequence);
    stage.commit();
    return { upgrade: xdr.LedgerUpgrade.ledgerUpgradeBaseFee(Number(BASE_FEE_STROOPS)), changes };
  });
}
