import { expect } from 'vitest';
import type { AccountSlot } from '../../src/billing/ledger.ts';
import { booksDifferences } from '../settlement/books-differences.ts';
import type { Life } from './life.ts';

/** What holds after each step, whatever happened: M1, M2, M7 to M9 of the books, for each account and each token with a cap. */
export function checkIdentities(life: Life): void {
  const { gateway, model } = life;
  if (!gateway || gateway.dead) return;
  const { core } = gateway;
  for (const { address } of life.network.consumers) {
    const slot = core.ledger.account(address);
    if (!slot) continue;
    const { charged, refunded, held, holds } = slot;
    const found = givenBackAsSettled(life, { account: address });
    expect({ charged, refunded: refunded - found, held, holds }).toEqual({
      charged: model.charged({ account: address }),
      refunded: model.refunded({ account: address }),
      held: model.sum({ account: address }, 'held'),
      holds: model.in('held').filter((call) => call.account === address).length,
    });
    const { deposited, withdrawn, elsewhere } = model.account(address);
    expect(slot.deposited <= deposited && slot.withdrawn <= withdrawn).toBe(true);
    expect(core.ledger.spendable(slot) <= atLeastZero(free(slot))).toBe(true);
    expect(explained(slot)).toBe(charged - refunded + slot.settledElsewhere);
    // Nobody is asked for more than was used, whatever database the charges were in.
    const asked = slot.settled + slot.unsettled + slot.receivable + slot.heldForPayee;
    if (!life.losses.waiting) expect(asked <= model.net({ account: address }) + elsewhere).toBe(true);
  }
  for (const { jti, cap } of life.tokens.values()) {
    const spent = model.charged({ token: jti }) - model.refunded({ token: jti });
    const held = model.sum({ token: jti }, 'held');
    expect(spent + held <= cap).toBe(true);
    const slot = core.ledger.cap(jti);
    const found = givenBackAsSettled(life, { token: jti });
    if (slot) expect([slot.spent + found, slot.held]).toEqual([spent, held]);
  }
  life.classic.checkRows(life);
  // Whether the last charges before a failure of the disk were made, only the next process can tell.
  if (!gateway.failed) expect(booksDifferences(core.store.accounts, core.ledger)).toEqual([]);
  expect(gateway.wrongSums()).toEqual([]);
  expect(core.broken).toBe(undefined);
}

/** At a hold: all that is owed and held is in the vault, as far as the gateway could have seen. */
export function checkCovered({ gateway, model }: Life, address: string): void {
  const slot = gateway?.core.ledger.account(address);
  const { withdrawn, elsewhere } = model.account(address);
  if (!slot || slot.withdrawn !== withdrawn) return;
  const used = model.net({ account: address }) + elsewhere;
  const held = model.sum({ account: address }, 'held', 'charging');
  expect(used + held + slot.requested + slot.exits <= slot.deposited - withdrawn).toBe(true);
}

/** Parts of charges that the vault was found to have settled before a restore: the books give them back, as paid already. */
export function givenBackAsSettled(
  { gateway, losses }: Life,
  { account, token }: { account?: string; token?: string },
): bigint {
  if (losses.restores === 0) return 0n;
  const sum = gateway?.core.store.db
    .prepare(
      `SELECT COALESCE(SUM(r.amount), 0) FROM refunds r JOIN charges c ON c.id = r.charge_id
       JOIN accounts a ON a.id = c.account_id LEFT JOIN tokens t ON t.id = c.token_id
       WHERE r.reason = 'settled_before_restore' AND (a.address = ? OR t.jti = ?)`,
    )
    .pluck()
    .get(account, token);
  return BigInt(Number(sum ?? 0));
}

function free(slot: AccountSlot): bigint {
  const balance = slot.deposited - slot.settled - slot.withdrawn;
  return balance - slot.requested - slot.exits - slot.unsettled - slot.receivable - slot.held;
}

function explained(slot: AccountSlot): bigint {
  return slot.settled + slot.unsettled + slot.receivable + slot.heldForPayee + slot.writtenOff;
}

function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n;
}
