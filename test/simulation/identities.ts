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
    expect({ charged, refunded, held, holds }).toEqual({
      charged: model.charged({ account: address }),
      refunded: model.refunded({ account: address }),
      held: model.sum({ account: address }, 'held'),
      holds: model.in('held').filter((call) => call.account === address).length,
    });
    const { deposited, withdrawn } = model.account(address);
    expect(slot.deposited <= deposited && slot.withdrawn <= withdrawn).toBe(true);
    expect(core.ledger.spendable(slot) <= atLeastZero(free(slot))).toBe(true);
    expect(explained(slot)).toBe(charged - refunded + slot.settledElsewhere);
  }
  for (const { jti, cap } of life.tokens.values()) {
    const spent = model.charged({ token: jti }) - model.refunded({ token: jti });
    const held = model.sum({ token: jti }, 'held');
    expect(spent + held <= cap).toBe(true);
    const slot = core.ledger.cap(jti);
    if (slot) expect([slot.spent, slot.held]).toEqual([spent, held]);
  }
  expect(booksDifferences(core.store.accounts, core.ledger)).toEqual([]);
  expect(core.broken).toBe(undefined);
}

/** At a hold: all that is owed and held is in the vault, as far as the gateway could have seen. */
export function checkCovered({ gateway, model }: Life, address: string): void {
  const slot = gateway?.core.ledger.account(address);
  const { withdrawn } = model.account(address);
  if (!slot || slot.withdrawn !== withdrawn) return;
  const used = model.charged({ account: address }) - model.refunded({ account: address });
  const held = model.sum({ account: address }, 'held', 'charging');
  expect(used + held + slot.requested + slot.exits <= slot.deposited - withdrawn).toBe(true);
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
