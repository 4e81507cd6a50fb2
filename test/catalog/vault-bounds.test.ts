import { expect, it } from 'vitest';
import { checkAgeCap, tooManyLanes } from '../../src/catalog/vault-bounds.ts';
import { loadGood, withApi } from './folder.ts';

it('wants age cap + interval + 10 minutes to be less than an eighth of the withdrawal delay', () => {
  const { settlement } = loadGood(`settlement: { age_max: 1h, interval: 60s }\n${withApi('price: "1"')}`);
  const needsS = 3_600 + 60 + 600;
  expect(checkAgeCap({ settlement }, 8 * needsS + 1)).toEqual({ ok: true });
  expect(checkAgeCap({ settlement }, 8 * needsS)).toMatchObject({ ok: false, needsS, allowsS: needsS });
  expect(checkAgeCap({ settlement }, 0).ok).toBe(false);
});

it('wants no more lanes than the vault has, and says which field to lower', () => {
  expect(tooManyLanes(4, 4)).toBeUndefined();
  expect(tooManyLanes(5, 4)).toBe('settlement.lanes is 5, and the vault has 4: lower it to 4 at the most');
});
