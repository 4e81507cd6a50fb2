import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { createJournal } from '../../src/metering/journal.ts';
import { createKeyedCalls } from '../../src/metering/keyed-calls.ts';
import { units } from '../../src/money.ts';
import type { KeyLimits } from '../../src/store/idempotency.ts';
import { openTestStore } from '../store/rig.ts';

const limits: KeyLimits = { expiredMs: 0, keysPerAccountMax: 9, keysMax: 9, bytesPerAccountMax: 99, bytesMax: 99 };

function build(durability: 'process' | 'disk', sync?: () => Promise<void>) {
  const { store, clock } = openTestStore();
  let commits = 0;
  const journal = createJournal({
    db: store.journalDb,
    clock,
    log: silentLog(),
    durability,
    walSyncIntervalMs: 1_000,
    sync: sync ?? store.sync,
    onCommit: () => commits++,
  });
  onTestFinished(() => journal.close());
  const accountId = store.accounts.ensure('GA');
  const fingerprint = createHash('sha256').digest();
  const key = () => ({ callId: store.nextCallId(), accountId, key: 'k', fingerprint, atMs: 1 });
  const routeId = store.routes.ensure({ api: 'a', payee: 'GP', method: 'GET', template: '/a' });
  const charge = () =>
    journal.charge({
      id: store.nextCallId(),
      atMs: 1,
      accountId,
      routeId,
      method: 'GET',
      status: 200,
      priceUnits: units(5),
    });
  return {
    store,
    charge,
    keys: createKeyedCalls({ journal, idempotency: store.idempotency }),
    key,
    commits: () => commits,
  };
}

describe('keyed calls', () => {
  it('share the transaction of the charges of their turn', async () => {
    const { keys, key, charge, commits } = build('process');
    const [outcome] = await Promise.all([keys.begin(key(), true, limits), charge(), charge()]);
    expect([outcome, commits()]).toEqual([{ kind: 'begun' }, 1]);
  });

  it('of one turn with one key are told apart by the database too', async () => {
    const { keys, key } = build('process');
    const outcomes = await Promise.all([keys.begin(key(), true, limits), keys.begin(key(), true, limits)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['begun', 'open']);
  });

  it.each([
    ['kept with its answer while there is room', 2, true, 'answered'],
    ['spent without one', 2, false, 'spent'],
    ['free again without room', 1, true, 'begun'],
    ['free again without room for the want of an answer', 1, false, 'begun'],
  ])('that nobody paid for: the key is %s', async (_what, keysPerAccountMax, isWhole, then) => {
    const { keys, key } = build('process');
    const row = key();
    await keys.begin(row, true, limits);
    const answer = { status: 404, fields: [], body: Buffer.from('no') };
    await keys.endUnpaid(row.callId, row.accountId, isWhole ? answer : undefined, { ...limits, keysPerAccountMax });
    expect((await keys.begin(key(), true, limits)).kind).toBe(then);
  });

  it('begin at level disk only once the key is on it; their end holds nobody up', async () => {
    let synced: (() => void) | undefined;
    const first = new Promise<void>((resolve) => {
      synced = resolve;
    });
    const { keys, key, store } = build('disk', () => first);
    const row = key();
    let begun = false;
    const beginning = keys.begin(row, true, limits).then(() => {
      begun = true;
    });
    while (store.idempotency.sums().keys === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toBe(false);
    synced?.();
    await beginning;
    await keys.release(row.callId);
    expect(store.idempotency.sums().keys).toBe(0);
  });
});
