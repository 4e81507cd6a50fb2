import { describe, expect, it } from 'vitest';
import { createTokenCache } from '../../src/access/token-cache.ts';
import type { Verified } from '../../src/access/verify.ts';

const ending = 'S'.repeat(22);

function textOf(name: string | number): string {
  return `head.${String(name).padStart(80, 'x')}`;
}

function tokenOf(name: string | number): Verified {
  return { jti: `jti-${name}`, account: 'G', scopes: '*', expiresAtMs: 1, capUnits: undefined };
}

function filled(max: number, count: number) {
  const cache = createTokenCache(max);
  for (let i = 0; i < count; i++) cache.keep(textOf(i), tokenOf(i));
  const known = () => Array.from({ length: count }, (_, i) => i).filter((i) => cache.get(textOf(i)) !== undefined);
  return { cache, known };
}

describe('the token cache', () => {
  it('forgets none of as many tokens as it has room for, however often they go around', () => {
    const { known } = filled(10_000, 10_000);
    for (let round = 0; round < 3; round++) expect(known()).toHaveLength(10_000);
  });

  it('never holds more than it has room for, and lets tokens go that nobody used', () => {
    const { cache } = filled(100, 100);
    for (let i = 0; i < 50; i++) cache.get(textOf(i));
    for (let i = 100; i < 150; i++) cache.keep(textOf(i), tokenOf(i));
    const kept = Array.from({ length: 150 }, (_, i) => i).filter((i) => cache.get(textOf(i)) !== undefined);
    expect(kept).toHaveLength(100);
    expect(kept.filter((i) => i < 50)).toHaveLength(50);
  });

  it('makes room for a new token when all others are in use', () => {
    const { cache, known } = filled(100, 100);
    expect(known()).toHaveLength(100);
    cache.keep(textOf('new'), tokenOf('new'));
    expect(cache.get(textOf('new'))?.jti).toBe('jti-new');
    expect(known()).toHaveLength(99);
  });

  it('returns one object per token for as long as it is there', () => {
    const cache = createTokenCache(10);
    const first = cache.keep(textOf('a'), tokenOf('a'));
    expect(cache.keep(textOf('a'), tokenOf('a'))).toBe(first);
  });

  it('takes no text for another with the same end', () => {
    const cache = createTokenCache(10);
    cache.keep(`one.${ending}`, tokenOf('one'));
    expect(cache.get(`two.${ending}`)).toBeUndefined();
    cache.drop(`two.${ending}`);
    expect(cache.get(`one.${ending}`)?.jti).toBe('jti-one');
    cache.keep(`two.${ending}`, tokenOf('two'));
    expect(cache.get(`one.${ending}`)).toBeUndefined();
    expect(cache.get(`two.${ending}`)?.jti).toBe('jti-two');
  });

  it('forgets every text of a token id', () => {
    const { cache, known } = filled(10, 3);
    cache.forget('jti-1');
    expect(known()).toEqual([0, 2]);
  });
});
