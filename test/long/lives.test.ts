import { expect, it } from 'vitest';
import { changes } from '../simulation/changes.ts';
import { simulate } from '../simulation/simulate.ts';
import { figure } from '../support/figure.ts';

/** test/simulation at length: 100,000 changes of state by chance. */

const changesWanted = 100_000;
const commandsPerLife = 1_000;

/** Enough of each kind that a broken rule of it would show. */
const leastOfEach: Partial<Record<(typeof changes)[number], number>> = {
  deposit: 1_000,
  call: 20_000,
  charge: 10_000,
  'failed call': 5_000,
  'call without an answer': 2_000,
  finish: 5_000,
  refund: 3_000,
  'withdrawal requested': 500,
  'withdrawal cancelled': 50,
  withdrawal: 100,
  'limit set': 200,
  'exit signed': 150,
  'exit landed': 20,
  'batch settled': 400,
  shortfall: 3,
  'payout turn': 150,
  death: 200,
  restart: 50,
  'write without room': 200,
  backup: 300,
  restore: 100,
  'database deleted': 10,
  'copied in flight': 50,
  'lost in flight': 20,
  'taken over': 100,
  payment: 300,
  'payment to nobody': 150,
  'payment forwarded': 300,
  'payment assigned': 50,
  'price changed': 200,
  'price changed under calls': 80,
  'catalog refused': 30,
};

/** Of these calls and charges, those that a token's cap had a say in; no changes beside them. */
const leastOfCapped = { 'capped call': 1_500, 'capped charge': 700, 'call refused: token_cap_reached': 100 };

it(`the identities of the books hold after each of ${changesWanted} changes of state, and at the end on chain`, async () => {
  const total = new Map<string, number>();
  const capped = new Map<string, number>();
  let changed = 0;
  let receipts = 0;
  for (let seed = 10_000; changed < changesWanted; seed++) {
    const { counts } = await simulate(seed, commandsPerLife);
    receipts += counts['receipt verified'] ?? 0;
    for (const kind of changes) {
      total.set(kind, (total.get(kind) ?? 0) + (counts[kind] ?? 0));
      changed += counts[kind] ?? 0;
    }
    for (const kind of Object.keys(leastOfCapped)) capped.set(kind, (capped.get(kind) ?? 0) + (counts[kind] ?? 0));
  }
  figure(`${changed} changes: ${[...total].map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
  figure(`of tokens with a cap: ${[...capped].map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
  figure(`${receipts} receipts lead to the chain value in the vault`);
  expect(receipts).toBeGreaterThan(10_000);
  const all = new Map([...total, ...capped]);
  for (const [kind, least] of Object.entries({ ...leastOfEach, ...leastOfCapped })) {
    expect([kind, (all.get(kind) ?? 0) >= least]).toEqual([kind, true]);
  }
}, 1_800_000);
