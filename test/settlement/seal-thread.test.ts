import { expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import { createSealThread } from '../../src/settlement/seal-thread.ts';
import { createProposer, type SealRequest } from '../../src/store/seal-proposal.ts';
import { openTestStore, writeCharge } from '../store/rig.ts';
import { vaultAddress as vault } from './scripted-chain.ts';

const request: SealRequest = {
  ...{
    lane: 0,
    nowMs: 10_000,
    ageMaxMs: 60_000,
    unfinishedUpTo: 0,
    minTotal: units(1),
    entriesMax: 100,
    linesMax: 400,
    period: 0,
  },
};

it('another thread proposes what this one would, while this one goes on writing', async () => {
  const { store, file } = openTestStore();
  const propose = createSealThread({ file, vault });
  expect(await propose(request)).toBeUndefined();
  for (let at = 0; at < 20; at++) writeCharge(store, { account: `G${at % 3}`, price: at, refund: at === 7 ? 7 : 0 });
  const same = createProposer(store.db, { hashLeaf: (row) => hashLeaf(vault, row), rootOf })(request);
  const proposed = await propose(request);
  expect(proposed).toEqual(same);
  writeCharge(store, { account: 'G1', price: 5 });
  if (!proposed) throw new Error('nothing was proposed');
  const sealing = store.batches.seal(proposed, 11_000);
  expect(sealing.step()).toBe('done');
  expect(sealing.batch()).toMatchObject({ leaves: 20, root: same?.batch?.root });
});

it('a thread that cannot read the database says so, and one that is stopped ends the wait', async () => {
  const { file } = openTestStore();
  await expect(createSealThread({ file: `${file}.gone`, vault })(request)).rejects.toThrow(/no batch could be chosen/);
  const stopping = new AbortController();
  const waiting = createSealThread({ file, vault })(request, stopping.signal);
  stopping.abort();
  await expect(waiting).rejects.toThrow(/ended/);
});

it('one thread answers one request after the other, and the next request replaces one that died', async () => {
  const { store, file } = openTestStore();
  writeCharge(store, { account: 'G1', price: 5 });
  const propose = createSealThread({ file, vault });
  const first = await propose(request);
  expect(await propose(request)).toEqual(first);
  const stopping = new AbortController();
  const waiting = propose(request, stopping.signal);
  stopping.abort();
  await expect(waiting).rejects.toThrow(/ended/);
  expect(await propose(request)).toEqual(first);
});
