import { describe, expect, it } from 'vitest';
import type { Webhook } from '../../src/catalog/model.ts';
import { webhookKinds } from '../../src/catalog/webhook-kinds.ts';
import { fakeClock } from '../../src/clock.ts';
import { parseUsdc, type Units, zero } from '../../src/money.ts';
import { createHerald, forgetMark, type HeraldDeps, type Seen } from '../../src/notify/herald.ts';
import type { BatchLineRow, BatchRow } from '../../src/store/batches.ts';
import { openTestStore } from '../store/rig.ts';

const usdc = (text: string): Units => parseUsdc(text) ?? zero;

function endpoint(name: string, events: Webhook['events'] = [...webhookKinds]): Webhook {
  return { name, url: 'https://ops.example/', secret: '', events, allowPrivate: false };
}

/** A gateway's state that a test changes, over a real store; batches are scripted, newest last. */
function rig(options: { endpoints?: Webhook[]; path?: string } = {}) {
  const { store, clock, file } = openTestStore(options.path === undefined ? {} : { path: options.path });
  const state = {
    accounts: [] as { address: string; available: Units; hasLeft: boolean }[],
    watcher: undefined as ReturnType<Seen['watcher']>,
    identities: [] as ReturnType<Seen['identities']>,
    lanes: [] as ReturnType<Seen['lanes']>,
    batches: [] as BatchRow[],
    lines: [] as BatchLineRow[],
  };
  const deps: HeraldDeps = {
    webhooks: store.webhooks,
    batches: {
      list: ({ limit }) => state.batches.toReversed().slice(0, limit),
      open: () => state.batches.filter((row) => row.state !== 'confirmed'),
      lines: () => state.lines,
    },
    meta: store.meta,
    endpoints: options.endpoints ?? [endpoint('ops')],
    seen: {
      accounts: () => state.accounts,
      watcher: () => state.watcher,
      identities: () => state.identities,
      lanes: () => state.lanes,
    },
    lowBalance: usdc('1'),
    clock,
  };
  const herald = createHerald(deps);
  const told = () =>
    store.webhooks
      .list({ dead: false, limit: 100 })
      .reverse()
      .map(({ kind, payload }) => ({ kind, data: JSON.parse(payload) }));
  return { store, clock, file, state, herald, told, deps };
}

function batch(id: number, state: BatchRow['state'] = 'confirmed'): BatchRow {
  return {
    id,
    lane: 0,
    batch: id,
    root: 'ab'.repeat(32),
    state,
    total: usdc('0.5'),
    leaves: 250,
    oldestAtMs: 1_800_000_000_000,
    sealedAtMs: 1_800_000_000_000,
    confirmedAtMs: state === 'confirmed' ? 1_800_000_005_000 : undefined,
    ledger: state === 'confirmed' ? 77 : undefined,
    txHash: state === 'confirmed' ? 'cd'.repeat(32) : undefined,
  };
}

const line = (account: string, amount: string, taken: bigint): BatchLineRow => ({
  position: 0,
  payee: 'GPAYEE',
  account,
  accountId: 1,
  amount: usdc(amount),
  carriedReceivable: zero,
  carriedHeld: zero,
  taken,
});

describe('a low balance', () => {
  it('is told once until the account has had twice the bound, over restarts too', async () => {
    const first = rig();
    const account = (available: string) => [{ address: 'GA', available: usdc(available), hasLeft: false }];
    first.state.accounts = account('5');
    await first.herald.turn();
    expect(first.told()).toEqual([]);
    first.state.accounts = account('0.9999999');
    for (let turn = 0; turn < 3; turn++) await first.herald.turn();
    expect(first.told()).toEqual([
      { kind: 'balance.low', data: { account: 'GA', available: '0.9999999', bound: '1' } },
    ]);
    await first.store.close();

    const second = rig({ path: first.file });
    for (const available of ['0.5', '1.5', '0.9', '1.9999999', '0']) {
      second.state.accounts = account(available);
      await second.herald.turn();
      second.clock.advance(1);
    }
    expect(second.told()).toHaveLength(1);
    second.state.accounts = account('2');
    await second.herald.turn();
    second.clock.advance(1);
    second.state.accounts = account('0.1');
    await second.herald.turn();
    expect(second.told()).toHaveLength(2);
  });

  it('of an account that took its money out is not told', async () => {
    const { state, herald, told } = rig();
    state.accounts = [{ address: 'GA', available: zero, hasLeft: true }];
    await herald.turn();
    expect(told()).toEqual([]);
  });

  it('is found among many accounts', async () => {
    const { state, herald, told } = rig();
    state.accounts = Array.from({ length: 2_500 }, (_, at) => ({
      address: `G${at}`,
      available: at === 2_400 ? zero : usdc('9'),
      hasLeft: false,
    }));
    await herald.turn();
    expect(told()).toMatchObject([{ data: { account: 'G2400' } }]);
  });
});

describe('settlements', () => {
  it('are told once each, in order, from the first one behind the set-up, whatever restarts in between', async () => {
    const first = rig();
    first.state.batches = [batch(1), batch(2)];
    await first.herald.turn();
    expect(first.told()).toEqual([]);
    first.state.batches.push(batch(3), batch(4, 'submitted'));
    await first.herald.turn();
    expect(first.told()).toEqual([
      {
        kind: 'settlement.confirmed',
        data: {
          lane: 0,
          batch: 3,
          calls: 250,
          total: '0.5',
          root: 'ab'.repeat(32),
          ledger: 77,
          tx_hash: 'cd'.repeat(32),
          confirmed_at: '2027-01-15T08:00:05.000Z',
        },
      },
    ]);
    await first.store.close();

    const second = rig({ path: first.file });
    second.state.batches = [batch(1), batch(2), batch(3), batch(4), batch(5)];
    for (let turn = 0; turn < 3; turn++) await second.herald.turn();
    expect(second.told().map(({ data }) => data.batch)).toEqual([3, 4, 5]);
  });

  it('are told once even when the mark was lost between two writes', async () => {
    const { state, herald, told, store } = rig();
    state.batches = [batch(1)];
    await herald.turn();
    state.batches.push(batch(2));
    await herald.turn();
    store.meta.set('webhooks_told_batch', '1');
    await herald.turn();
    expect(told()).toHaveLength(1);
  });

  it('of a time without endpoints are not told later', async () => {
    const first = rig();
    first.state.batches = [batch(1)];
    await first.herald.turn();
    forgetMark(first.store.meta);
    first.state.batches.push(batch(2));
    await first.herald.turn();
    expect(first.told()).toEqual([]);
    first.state.batches.push(batch(3));
    await first.herald.turn();
    expect(first.told().map(({ data }) => data.batch)).toEqual([3]);
  });

  it('that took less than was charged say from whom, how much and why', async () => {
    const { state, herald, told } = rig({ endpoints: [endpoint('ops', ['settlement.shortfall'])] });
    await herald.turn();
    state.batches = [batch(1)];
    state.lines = [line('GA', '0.3', usdc('0.1')), line('GB', '0.2', -1n), line('GC', '0.1', usdc('0.1'))];
    await herald.turn();
    expect(told()).toMatchObject([
      {
        kind: 'settlement.shortfall',
        data: {
          missing: '0.4',
          lines_short: 2,
          lines: [
            { account: 'GA', amount: '0.3', missing: '0.2', reason: 'balance_or_limit' },
            { account: 'GB', amount: '0.2', missing: '0.2', reason: 'payee_not_listed' },
          ],
        },
      },
    ]);
  });
});

describe('a watcher that lags', () => {
  it('is told after two minutes, once, and again only after it had caught up', async () => {
    const { state, herald, told, clock } = rig();
    const lag = (ageMs: number) => ({ ageMs, lastClosedAtMs: 1_800_000_000_000, lastLedger: 9, behindLedgers: 3 });
    for (const ageS of [5, 119, 121, 500, 61, 121]) {
      state.watcher = lag(ageS * 1_000);
      await herald.turn();
      clock.advance(1);
    }
    expect(told()).toEqual([
      {
        kind: 'watcher.lag',
        data: { age_s: 121, last_ledger: 9, last_closed_at: '2027-01-15T08:00:00.000Z', behind_ledgers: 3 },
      },
    ]);
    state.watcher = lag(59_000);
    await herald.turn();
    clock.advance(1);
    state.watcher = lag(121_000);
    await herald.turn();
    expect(told()).toHaveLength(2);
  });
});

describe('a lane of settlement that is halted', () => {
  it('is told of once for each batch, over restarts and tries in vain', async () => {
    const first = rig();
    const reason = '3 envelopes failed';
    const others = { lane: 1, batch: 4, halted: undefined };
    first.state.lanes = [{ lane: 0, batch: 7, halted: undefined }, others];
    await first.herald.turn();
    expect(first.told()).toEqual([]);
    for (const halted of [reason, reason, undefined, reason]) {
      first.state.lanes = [{ lane: 0, batch: 7, halted }, others];
      await first.herald.turn();
    }
    const { store } = first;
    expect(first.told()).toEqual([{ kind: 'settlement.halted', data: { lane: 0, batch: 7, reason } }]);
    await store.close();

    const second = rig({ path: first.file });
    for (const [batch, halted] of [[7], [7, reason], [undefined], [8], [8, 'again']] as [number?, string?][]) {
      second.state.lanes = [{ lane: 0, batch, halted }, others];
      await second.herald.turn();
    }
    expect(second.told().map(({ data }) => [data.batch, data.reason])).toEqual([
      [7, reason],
      [8, 'again'],
    ]);
    expect(second.store.webhooks.lasting()).toEqual(['settlement.halted 0/8']);
  });

  it('is told of without a batch where it has none', async () => {
    const { state, herald, told } = rig();
    state.lanes = [{ lane: 3, batch: undefined, halted: 'not ours' }];
    await herald.turn();
    expect(told()).toEqual([{ kind: 'settlement.halted', data: { lane: 3, batch: null, reason: 'not ours' } }]);
  });
});

describe('a broken identity', () => {
  it('is told once while it lasts; before it is known again after a restart nothing is told or over', async () => {
    const first = rig();
    first.state.identities = [{ identity: 'memory equals database', broken: '2 amounts differ' }];
    await first.herald.turn();
    await first.herald.turn();
    expect(first.told()).toEqual([
      { kind: 'invariant.broken', data: { identity: 'memory equals database', detail: '2 amounts differ' } },
    ]);
    await first.store.close();

    const second = rig({ path: first.file });
    await second.herald.turn();
    second.state.identities = [{ identity: 'memory equals database', broken: '2 amounts differ' }];
    await second.herald.turn();
    expect(second.told()).toHaveLength(1);
    second.state.identities = [{ identity: 'memory equals database', broken: undefined }];
    await second.herald.turn();
    expect(second.store.webhooks.lasting()).toEqual([]);
  });
});

describe('an endpoint', () => {
  it('is told of the kinds it asked for, and a kind nobody asked for leaves no trace', async () => {
    const { state, herald, store } = rig({
      endpoints: [endpoint('a', ['watcher.lag']), endpoint('b', ['settlement.confirmed'])],
    });
    await herald.turn();
    state.watcher = { ageMs: 200_000, lastClosedAtMs: 1, lastLedger: 9, behindLedgers: undefined };
    state.identities = [{ identity: 'memory equals database', broken: 'yes' }];
    state.accounts = [{ address: 'GA', available: zero, hasLeft: false }];
    state.batches = [batch(1)];
    await herald.turn();
    const rows = store.webhooks.list({ dead: false, limit: 9 });
    expect(rows.map(({ endpoint: name, kind }) => `${name} ${kind}`).sort()).toEqual([
      'a watcher.lag',
      'b settlement.confirmed',
    ]);
    expect(store.webhooks.lasting()).toEqual(['watcher.lag']);
  });
});

describe('old events', () => {
  it('are forgotten after a month, unless a delivery still waits', async () => {
    const { store, clock, deps } = rig();
    const tell = (dedupe: string) =>
      store.webhooks.tell({ kind: 'watcher.lag', dedupe, payload: '{}', endpoints: ['ops'] });
    tell('a');
    tell('b');
    store.webhooks.delivered(1, 200);
    clock.advance(31 * 86_400_000);
    tell('c');
    store.webhooks.delivered(3, 200);
    await createHerald({ ...deps, clock: fakeClock(clock.nowMs()) }).turn();
    expect(store.webhooks.list({ dead: false, limit: 9 }).map((row) => row.id)).toEqual([3, 2]);
  });
});
