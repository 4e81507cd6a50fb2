import { expect, it } from 'vitest';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import { createSealThread } from '../../src/settlement/seal-thread.ts';
import { createProposer } from '../../src/store/seal-proposal.ts';
import { openTestStore, sealRequest, writeCharge } from '../store/rig.ts';
import { vaultAddress as vault } from './scripted-chain.ts';

it('another thread proposes what this one would, while this one goes on writing', async () => {
  const { store, file } = openTestStore();
  const propose = createSealThread({ file, vault });
  expect(await propose(sealRequest)).toBeUndefined();
  for (let at = 0; at < 20; at++) writeCharge(store, { account: `G${at % 3}`, price: at, refund: at === 7 ? 7 : 0 });
  const same = createProposer(store.db, { hashLeaf: (row) => hashLeaf(vault, row), rootOf })(sealRequest);
  const proposed = await propose(sealRequest);
  expect(proposed).toEqual(same);
  writeCharge(store, { account: 'G1', price: 5 });
  if (!proposed) throw new Error('nothing was proposed');
  const sealing = store.batches.seal(proposed, 11_000);
  expect(sealing.step()).toBe('done');
  expect(sealing.batch()).toMatchObject({ leaves: 20, root: same?.batch?.root });
});

it('a thread that cannot read the database says so, and one that is stopped ends the wait', async () => {
  const { file } = openTestStore();
  await expect(createSealThread({ file: `${file}.gone`, vault })(sealRequest)).rejects.toThrow(
    /no batch could be chosen/,
  );
  const stopping = new AbortController();
  const waiting = createSealThread({ file, vault })(sealRequest, stopping.signal);
  stopping.abort();
  await expect(waiting).rejects.toThrow(/ended/);
});

it('one thread answers one request after the other, and the next request replaces one that died', async () => {
  const { store, file } = openTestStore();
  writeCharge(store, { account: 'G1', price: 5 });
  const propose = createSealThread({ file, vault });
  const first = await propose(sealRequest);
  expect(await propose(sealRequest)).toEqual(first);
  const stopping = new AbortController();
  const waiting = propose(sealRequest, stopping.signal);
  stopping.abort();
  await expect(waiting).rejects.toThrow(/ended/);
  expect(await propose(sealRequest)).toEqual(first);
});
