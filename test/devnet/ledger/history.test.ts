import { expect, it } from 'vitest';
import { createHistory } from '../../../src/devnet/ledger/history.ts';
import { startChain } from '../chain-rig.ts';

it('history that is pruned has no ledgers and no transactions of before', () => {
  const rig = startChain();
  rig.fund('ann');
  const { history } = rig.chain;
  const [early] = history.latest().transactions;
  rig.fund('ben');
  const [late] = history.latest().transactions;
  const to = history.latest().sequence;
  history.prune(to);
  expect(history.oldest().sequence).toBe(to);
  expect(history.transaction(early?.signed.hash ?? '')).toBeUndefined();
  expect(history.transaction(late?.signed.hash ?? '')).toBe(late);
  expect([...history.ledgers(0, to)]).toHaveLength(1);
  rig.fund('cat');
  expect([...history.ledgers(0, to + 1)].map(({ sequence }) => sequence)).toEqual([to, to + 1]);
});

it('history always keeps its latest ledger', () => {
  const { chain } = startChain();
  chain.closeLedger();
  chain.history.prune(1_000);
  expect(chain.history.oldest()).toBe(chain.history.latest());
  expect(chain.history.latest().sequence).toBe(2);
});

it('history forgets what is older than it is long', () => {
  const rig = startChain();
  for (let count = 0; count < 4; count++) rig.chain.closeLedger();
  const short = createHistory(2);
  for (const record of rig.chain.history.ledgers(1, 5)) short.add(record);
  expect([...short.ledgers(0, 9)].map(({ sequence }) => sequence)).toEqual([4, 5]);
});
