import { afterEach, describe, expect, it } from 'vitest';
import { parseUsdc, zero } from '../../src/money.ts';
import type { PayoutResult } from '../../src/settlement/payouts.ts';
import { sealNow } from '../store/rig.ts';
import { alice, bob, createRig, type Rig, sealAll } from './rig.ts';

const open: Rig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.close();
});

async function rigged(...args: Parameters<typeof createRig>): Promise<Rig> {
  const rig = await createRig(...args);
  open.push(rig);
  return rig;
}

describe('the live view', () => {
  it('shows each charge in exactly one place of the pipeline', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    await rig.charge(alice, '0.002');
    await rig.charge(alice, '0.003');
    await rig.journal.flush();
    const before = (await rig.books.live()).pipeline;
    expect(before).toMatchObject({ open: { calls: 2, amount: '0.005' }, in_flight: [], confirmed: [] });
    sealNow(rig.store, sealAll);
    await rig.charge(alice, '0.01');
    await rig.journal.flush();
    const after = (await rig.books.live()).pipeline;
    expect(after.open).toEqual({ calls: 1, amount: '0.01' });
    expect(after.in_flight).toMatchObject([{ lane: 0, batch: 1, state: 'sealed', total: '0.005', leaves: 2 }]);
  });

  it('says amounts as text and every second of its window', async () => {
    const rig = await rigged();
    const live = await rig.books.live();
    expect(live.seconds.calls).toHaveLength(300);
    expect(new Set(live.seconds.revenue)).toEqual(new Set(['0']));
    expect(live).toMatchObject({ figures: { connections: 3, unsettled: '0' }, window: { calls: 0, p50_ms: null } });
  });
});

describe('a claim by the operator', () => {
  const paid: PayoutResult = {
    payee: bob,
    lane: 0,
    kind: 'claim',
    amount: parseUsdc('1.5') ?? zero,
    outcome: 'paid',
    detail: 'abc',
  };

  it('tells what was paid, and leaves an audit row', async () => {
    const asked: unknown[] = [];
    const rig = await rigged({
      payNow: async (payee) => {
        asked.push(payee);
        return [paid];
      },
    });
    expect(await rig.books.claimPayouts(undefined)).toEqual({ results: [{ ...paid, amount: '1.5' }] });
    expect(asked).toEqual([undefined]);
    const [row] = (await rig.books.audit({ limit: 1 })).items;
    expect(row).toMatchObject({ actor: 'test', action: 'payout claim', subject: 'all payees' });
  });

  it('for somebody who has earned nothing is refused, and that is in the audit as well', async () => {
    const rig = await rigged();
    await expect(rig.books.claimPayouts(alice)).rejects.toMatchObject({ code: 'not_found' });
    const [row] = (await rig.books.audit({ limit: 1 })).items;
    expect(row?.detail).toContain('refused: nothing was settled');
  });

  it('is in the list of payouts, newest first, in pages that join', async () => {
    const rig = await rigged();
    for (const amount of ['1', '2', '3']) {
      const id = rig.store.payouts.add({
        payee: bob,
        lane: 0,
        amount: parseUsdc(amount) ?? zero,
        txHash: amount,
        atMs: 1,
      });
      rig.store.payouts.finish(id, 'paid');
    }
    const first = await rig.books.payouts({ limit: 2 });
    const rest = await rig.books.payouts({ limit: 2, cursor: first.next ?? '' });
    expect([...first.items, ...rest.items].map(({ amount, state }) => [amount, state])).toEqual([
      ['3', 'paid'],
      ['2', 'paid'],
      ['1', 'paid'],
    ]);
  });
});
