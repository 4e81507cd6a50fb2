import { describe, expect, it } from 'vitest';
import { offeredLife, tokenLives } from '../../src/dashboard/consumer/token-lives.ts';

describe('the lives offered for a token', () => {
  it('are no longer than the gateway allows, and its longest when all usual ones are', () => {
    expect(tokenLives(30 * 86_400).map(({ name }) => name)).toEqual(['1 hour', '1 day', '7 days', '30 days']);
    expect(tokenLives(43_200)).toEqual([{ seconds: 3_600, name: '1 hour' }]);
    expect(tokenLives(600)).toEqual([{ seconds: 600, name: '10 minutes' }]);
  });

  it('hold what the form sends, also when the wish is longer than all of them', () => {
    expect(offeredLife(tokenLives(30 * 86_400), 86_400)).toBe(86_400);
    expect(offeredLife(tokenLives(43_200), 86_400)).toBe(3_600);
    expect(offeredLife(tokenLives(600), 86_400)).toBe(600);
  });
});
