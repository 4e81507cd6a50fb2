import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { units, zero } from '../../src/money.ts';
import { amountsDue, createPayouts } from '../../src/settlement/payouts.ts';
import { addressValue, i128Value, u32Value } from '../../src/stellar/contract-values.ts';
import type { SubmitOutcome, SubmitRequest } from '../../src/stellar/submitter.ts';
import type { VaultEarnings } from '../../src/stellar/vault-views.ts';
import { openTestStore, vaultEvent } from '../store/rig.ts';
import { contractEventXdr, eventParts } from '../support/vault-event-xdr.ts';
import { addressOf } from './rig.ts';
import { vaultAddress } from './scripted-chain.ts';

const payee = addressOf('payee');
const landed: SubmitOutcome = { status: 'landed', hash: 'ab', ledger: 9, closedAtS: 1, contractEventsXdr: undefined };

function createRig(earnings: VaultEarnings, { feeBps = 0, payoutMin = 100, busy = false } = {}) {
  const { store } = openTestStore();
  store.db.prepare('INSERT INTO earnings VALUES (?, 0, ?)').run(payee, Number(earnings.gross));
  const clock = fakeClock();
  const sent: SubmitRequest[] = [];
  const others = new Map<string, VaultEarnings>();
  const state = { earnings, others, busy, outcome: landed as SubmitOutcome, onSubmit: () => {} };
  let queue: Promise<unknown> = Promise.resolve();
  const payouts = createPayouts({
    vault: {
      address: vaultAddress,
      earnings: async (of) => state.others.get(of) ?? state.earnings,
      info: async () =>
        ({ config: { feeBps } }) as Awaited<ReturnType<import('../../src/stellar/vault-client.ts').Vault['info']>>,
    },
    submitter: {
      submit: async (request) => {
        sent.push(request);
        request.onSigned?.({ hash: `hash${sent.length}`, envelopeXdr: '', sequence: 1n, maxTimeS: 0 });
        state.onSubmit();
        return state.outcome;
      },
    },
    payouts: store.payouts,
    whileIdle(work) {
      const turn = queue.then(() => (state.busy ? undefined : work()));
      queue = turn;
      return turn;
    },
    clock,
    log: silentLog(),
    operatorSecret: addressOf('unused'),
    payoutMin: units(payoutMin),
    intervalMs: 60_000,
  });
  return { payouts, store, clock, sent, state };
}

/** As the vault tells of a payment to the payee. */
function claimedEvent({ lane, amount }: { lane: number; amount: bigint }): string {
  const fields = { lane: u32Value(lane), to: addressValue(payee), amount: i128Value(amount) };
  return contractEventXdr(vaultAddress, eventParts('claimed', [addressValue(payee)], fields));
}

const earned = (gross: number, netPaid = 0, feePaid = 0): VaultEarnings => ({
  gross: units(gross),
  netPaid: units(netPaid),
  feePaid: units(feePaid),
});

describe('payouts', () => {
  it('pay what the vault owes, once it is worth it, and keep a row of it', async () => {
    const { payouts, store, sent } = createRig(earned(500, 300));
    expect(await payouts.turn()).toBe(true);
    expect(sent).toHaveLength(1);
    expect(store.payouts.list({ limit: 5 })).toMatchObject([
      { payee, lane: 0, amount: 200n, state: 'paid', txHash: 'hash1' },
    ]);
    expect(await payouts.turn()).toBe(false);
    expect(sent).toHaveLength(1);
  });

  it('leave small amounts alone until asked', async () => {
    const { payouts, sent } = createRig(earned(99));
    await payouts.turn();
    expect(sent).toHaveLength(0);
    expect(await payouts.payNow(payee)).toMatchObject([{ kind: 'claim', amount: 99n, outcome: 'paid' }]);
  });

  it('collect the fee beside the claim', async () => {
    const { payouts } = createRig(earned(10_001), { feeBps: 250 });
    expect(await payouts.payNow()).toMatchObject([
      { kind: 'claim', amount: 9_751n },
      { kind: 'fee', amount: 250n },
    ]);
  });

  it.each([
    ['the claim of another one', [claimedEvent({ lane: 1, amount: 500n })]],
    ['nothing', []],
  ])(
    'book no payment that the vault did not make, of what an older answer shows as due: its events show %s',
    async (_, events) => {
      const { payouts, store, state } = createRig(earned(500));
      state.outcome = { ...landed, contractEventsXdr: [events] };
      expect(await payouts.payNow(payee)).toMatchObject([{ outcome: 'failed', detail: 'nothing was due any more' }]);
      expect(store.payouts.list({ limit: 5 })).toMatchObject([{ amount: 500n, state: 'failed' }]);
      state.outcome = { ...landed, contractEventsXdr: [[claimedEvent({ lane: 0, amount: 500n })]] };
      expect(await payouts.payNow(payee)).toMatchObject([{ outcome: 'paid' }]);
      expect(store.payouts.list({ limit: 1 })).toMatchObject([{ amount: 500n, state: 'paid' }]);
    },
  );

  it('book one payment when two ask for it at once', async () => {
    const { payouts, store, sent, state } = createRig(earned(500), { feeBps: 100 });
    state.onSubmit = () => {
      state.earnings = earned(500, 495, 5);
    };
    const [first, second] = await Promise.all([payouts.payNow(payee), payouts.payNow(payee)]);
    expect([first, second]).toMatchObject([[{ kind: 'claim', amount: 495n, outcome: 'paid' }], []]);
    expect(store.payouts.list({ limit: 5 })).toMatchObject([{ amount: 495n, state: 'paid' }]);
    expect(sent).toHaveLength(1);
  });

  it('that a process left behind end by the word of the vault, once all of it is in', async () => {
    const { payouts, store, clock } = createRig(earned(0));
    const atMs = clock.nowMs();
    for (const txHash of ['landed', 'lost']) store.payouts.add({ payee, lane: 0, amount: units(7), txHash, atMs });
    const data = JSON.stringify({ kind: 'claimed', payee, lane: 0, to: payee, amount: '7' });
    const claimed = vaultEvent('e1', { kind: 'claimed', txHash: 'landed', data, closedAtMs: atMs + 5_000 });
    const states = () => store.payouts.list({ limit: 5 }).map((row) => `${row.txHash} ${row.state}`);
    store.deposits.applyPage({ name: 'vault', cursor: 'a', ledger: 5, closedAtMs: atMs + 5_000, events: [claimed] });
    await payouts.turn();
    expect(states()).toEqual(['lost sent', 'landed sent']);
    store.deposits.applyPage({ name: 'vault', cursor: 'b', ledger: 200, closedAtMs: atMs + 600_001, events: [] });
    clock.advance(60_000);
    await payouts.turn();
    expect(states()).toEqual(['lost failed', 'landed paid']);
  });

  it('back off after a refusal, longer each time, and do not stop for good', async () => {
    const { payouts, clock, sent, state, store } = createRig(earned(500));
    state.outcome = { status: 'refused', reason: 'payout_failed', detail: 'Error(Contract, #502)' };
    const tries: number[] = [];
    for (let minute = 0; minute < 40; minute++) {
      const before = sent.length;
      await payouts.turn();
      if (sent.length > before) tries.push(minute);
      clock.advance(60_000);
    }
    expect(tries).toEqual([0, 2, 6, 14, 30]);
    expect(store.payouts.list({ limit: 9 }).every((row) => row.state === 'failed')).toBe(true);
    state.outcome = landed;
    clock.advance(3_600_000);
    expect(await payouts.turn()).toBe(true);
  });

  it('wait while a settlement is on its way', async () => {
    const { payouts, sent, state } = createRig(earned(500));
    state.busy = true;
    expect(await payouts.turn()).toBe(false);
    expect(sent).toHaveLength(0);
    state.busy = false;
    expect(await payouts.turn()).toBe(true);
  });

  it.each([
    ['one', 300, 500],
    ['the other', 500, 300],
  ])('begin with whom the vault owes most, when there is time for one only: %s', async (_, ofPayee, ofOther) => {
    const other = addressOf('other');
    const { payouts, store, state } = createRig(earned(ofPayee));
    store.db.prepare('INSERT INTO earnings VALUES (?, 0, ?)').run(other, ofOther);
    state.others.set(other, earned(ofOther));
    state.onSubmit = () => {
      state.busy = true;
    };
    expect(await payouts.turn()).toBe(true);
    expect(store.payouts.list({ limit: 5 })).toMatchObject([
      { payee: ofPayee > ofOther ? payee : other, amount: 500n },
    ]);
  });

  it('add up to the gross earnings however they were cut', () => {
    const amount = fc.bigInt({ min: 0n, max: 2n ** 62n });
    fc.assert(
      fc.property(amount, amount, fc.integer({ min: 0, max: 10_000 }), (first, second, feeBps) => {
        const early = amountsDue({ gross: units(first), netPaid: zero, feePaid: zero }, feeBps);
        const gross = units(first + second);
        const late = amountsDue({ gross, netPaid: early.net, feePaid: early.fee }, feeBps);
        const fee = (gross * BigInt(feeBps)) / 10_000n;
        // The fee is floored on the whole, so what was paid early can only be at most a unit apart, never above gross.
        expect(early.fee + late.fee).toBe(fee);
        expect(early.net + early.fee + late.net + late.fee).toBeLessThanOrEqual(gross + 1n);
      }),
    );
  });
});
