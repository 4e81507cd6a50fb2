/** A small generator with a seed (mulberry32): the run of a seed can be played again. */
export type Random = {
  /** From 0 to below 1. */
  next(): number;
  /** From 0 to `count` − 1. */
  below(count: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** How often something was drawn. */
  drawn(): number;
};

export function createRandom(seed: number): Random {
  let state = seed;
  let drawn = 0;
  function next(): number {
    drawn++;
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (count: number) => Math.floor(next() * count);
  return {
    next,
    below,
    drawn: () => drawn,
    chance: (probability) => next() < probability,
    pick(from) {
      const picked = from[below(from.length)];
      if (picked === undefined) throw new Error('nothing to pick from');
      return picked;
    },
  };
}
