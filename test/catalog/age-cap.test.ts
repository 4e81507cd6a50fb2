import { expect, it } from 'vitest';
import { checkAgeCap } from '../../src/catalog/age-cap.ts';
import { loadGood, withApi } from './folder.ts';

it('wants age cap + interval + 10 minutes to be less than an eighth of the withdrawal delay', () => {
  const { settlement } = loadGood(`settlement: { age_max: 1h, interval: 60s }\n${withApi('price: "1"')}`);
  const needsS = 3_600 + 60 + 600;
  expect(checkAgeCap({ settlement }, 8 * needsS + 1)).toEqual({ ok: true });
  expect(checkAgeCap({ settlement }, 8 * needsS)).toMatchObject({ ok: false, needsS, allowsS: needsS });
  expect(checkAgeCap({ settlement }, 0).ok).toBe(false);
});
