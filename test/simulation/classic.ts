import { expect } from 'vitest';
import { readHolding } from '../../src/stellar/account-transactions.ts';
import { decodeVaultEvent } from '../../src/stellar/vault-events.ts';
import type { Life } from './life.ts';

/** A payment to the deposit account, by the id of its operation. */
export type Payment = {
  amount: bigint;
  /** Whom it may be credited to: whoever its memo names, or those to whom an operator has given it. */
  owners: Set<string>;
  /** The memo names an account, so it has to reach the vault without anybody's help. */
  due: boolean;
  /** In the vault. */
  landed: boolean;
};

/** What an outsider knows of the classic deposits, from the payers and from the vault's own events. */
export class Classic {
  readonly payments = new Map<string, Payment>();
  private cursor: string | undefined;
  private readonly seenTo = { ledger: 0 };

  /** Each payment is in the vault once at the most, whole, and for somebody it may be for. */
  async look(life: Life): Promise<void> {
    const { rpc, vaultAddress, chain } = life.network;
    const latest = chain.history.latest().sequence;
    if (latest === this.seenTo.ledger) return;
    for (;;) {
      const from = this.cursor ? { cursor: this.cursor } : { startLedger: chain.history.oldest().sequence };
      const page = await rpc.events({ from, contractId: vaultAddress, limit: 1_000 });
      for (const raw of page.events) {
        const event = decodeVaultEvent(raw, vaultAddress);
        if (event.kind !== 'deposit' || event.onceId === undefined) continue;
        const payment = this.payments.get(String(event.onceId));
        const { depositAccount } = life.network;
        expect([event.from, event.amount, payment?.landed]).toEqual([depositAccount, payment?.amount, false]);
        expect(payment?.owners.has(event.account)).toBe(true);
        if (payment) payment.landed = true;
        life.model.account(event.account).deposited += event.amount;
        life.count('payment forwarded');
      }
      this.cursor = page.cursor;
      if (page.events.length === 0) break;
    }
    this.seenTo.ledger = latest;
  }

  /** Rows of payments that were made, and each once; those that name nobody wait, the others are not forgotten. */
  checkRows({ gateway }: Life): void {
    const rows = gateway?.core.store.classicPayments.list({ limit: 10_000 }) ?? [];
    for (const { operationId, amount, state, account } of rows) {
      const payment = this.payments.get(operationId);
      expect([operationId, amount]).toEqual([operationId, payment?.amount]);
      if (state === 'forwarded') expect([operationId, payment?.landed]).toEqual([operationId, true]);
      if (['due', 'sent'].includes(state)) expect(payment?.owners.has(account ?? '')).toBe(true);
    }
  }

  /** All that came was seen, and nothing is left that has to be moved. */
  isDone({ gateway, network }: Life): boolean {
    const seen = new Set(gateway?.core.store.classicPayments.list({ limit: 10_000 }).map((row) => row.operationId));
    if ([...this.payments].some(([id, { amount }]) => amount >= keptLeast && !seen.has(id))) return false;
    const open = gateway?.core.store.classicPayments.open(network.depositAccount, 1) ?? [];
    const listed = gateway?.core.store.classicPayments.list({ state: 'unattributed', limit: 1_000 }) ?? [];
    if (listed.some(({ operationId }) => this.payments.get(operationId)?.landed)) return false;
    return open.length === 0 && [...this.payments.values()].every(({ due, landed }) => landed || !due);
  }

  /** At the end: what did not reach the vault still lies in the deposit account, to the unit. */
  async compare(life: Life): Promise<void> {
    const { network, gateway } = life;
    const left = [...this.payments.values()].filter(({ landed }) => !landed);
    const sum = left.reduce((total, { amount }) => total + amount, 0n);
    const holding = await readHolding(network.rpc, network.token, network.depositAccount);
    expect(holding).toMatchObject({ ok: true, balance: sum });
    const kept = gateway?.core.store.classicPayments.list({ limit: 10_000 }) ?? [];
    // What the vault has is on nobody's list any more, whatever database knew it first.
    const landed = kept.filter(({ operationId }) => this.payments.get(operationId)?.landed);
    expect(landed.filter(({ state }) => state !== 'forwarded')).toEqual([]);
    const big = [...this.payments].filter(([, { amount }]) => amount >= keptLeast).map(([id]) => id);
    expect(kept.map(({ operationId }) => operationId).sort()).toEqual(big.sort());
  }
}

/** Less than a hundredth of the least amount is not written down. */
export const classicMinUnits = 500n;
const keptLeast = classicMinUnits / 100n;
