import { expect, it } from 'vitest';
import type { Wish } from './player.ts';
import { BrokenLife, playAll } from './players.ts';

it('lives are the same, whichever thread plays them', async () => {
  const wish: Wish = { play: 'lives', first: 400, lives: 4, commands: 'short' };
  const [alone, shared] = [await countsOf(wish, 1), await countsOf(wish, 2)];
  expect(alone.size).toBeGreaterThan(20);
  expect(new Map(shared)).toEqual(alone);
});

it('what breaks in one thread ends all of them, and is told', async () => {
  const wish = { play: 'faults', script: 'none of them', oneOf: 1 } as unknown as Wish;
  await expect(playAll(wish, 2, () => undefined)).rejects.toThrow(BrokenLife);
});

it('every spot of a script falls to one thread', async () => {
  const wish: Wish = { play: 'faults', script: 'life', oneOf: 800 };
  const [alone, shared] = [await playedOf(wish, 1), await playedOf(wish, 2)];
  expect(alone).toBeGreaterThan(1);
  expect(shared).toBe(alone);
});

async function countsOf(wish: Wish, jobs: number): Promise<Map<string, number>> {
  const total = new Map<string, number>();
  await playAll(wish, jobs, (told) => {
    if (told.what !== 'life') return;
    for (const [kind, count] of Object.entries(told.counts)) total.set(kind, (total.get(kind) ?? 0) + count);
  });
  return total;
}

async function playedOf(wish: Wish, jobs: number): Promise<number> {
  const shares = new Map<number, number>();
  await playAll(wish, jobs, (told, at) => {
    if (told.what === 'faults') shares.set(at, told.progress.played + told.progress.same);
  });
  return [...shares.values()].reduce((sum, count) => sum + count, 0);
}
