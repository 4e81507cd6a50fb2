import { expect, it } from 'vitest';
import { simulateMonth } from '../simulation/month.ts';
import { figure } from '../support/figure.ts';

it.each([1, 2])('every receipt of a month leads to the chain value in the vault alone (seed %i)', async (seed) => {
  const { counts } = await simulateMonth(seed);
  const verified = counts['receipt verified'] ?? 0;
  const batches = counts['batch verified'] ?? 0;
  figure(`${verified} receipts of ${batches} batches in 30 days`);
  expect(batches).toBeGreaterThan(25);
  expect(verified).toBeGreaterThan(200);
  expect(counts['history pruned'] ?? 0).toBeGreaterThan(1);
});
