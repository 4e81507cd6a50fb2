import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createByteBudget } from '../../src/limits/byte-budget.ts';
import { createClaims } from '../../src/limits/claims.ts';
import { readIdempotencyKey } from '../../src/limits/idempotency-key.ts';

describe('an Idempotency-Key', () => {
  it('is the same with quotes and without', () => {
    const character = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    const key = fc.string({ unit: character, minLength: 1, maxLength: 255 }).filter((text) => !/["\\]/.test(text));
    fc.assert(
      fc.property(key, (text) => {
        expect([readIdempotencyKey(text), readIdempotencyKey(`"${text}"`)]).toEqual([
          { ok: true, key: text },
          { ok: true, key: text },
        ]);
      }),
    );
  });

  it.each(['', '"', '""', '"a', 'a"', '"a"b"', '"a";p=1', 'a b', 'a\tb', 'a\\b', 'ü', 'a\u0000', 'x'.repeat(256)])(
    'is not %j',
    (text) => {
      expect(readIdempotencyKey(text).ok).toBe(false);
    },
  );
});

describe('a claim', () => {
  it('is taken by one call of an account, until it is dropped', () => {
    const claims = createClaims();
    const claim = (callId: number) => ({ callId, fingerprint: Buffer.alloc(32) });
    expect([claims.take(1, 'k', claim(5)), claims.take(1, 'k', claim(6))?.callId]).toEqual([undefined, 5]);
    expect([claims.take(2, 'k', claim(7)), claims.take(1, 'l', claim(8))]).toEqual([undefined, undefined]);
    claims.drop(1, 'k');
    expect(claims.take(1, 'k', claim(9))).toBeUndefined();
  });
});

describe('a byte budget', () => {
  it('gives no more than there is, and again what comes back', () => {
    const budget = createByteBudget();
    expect([budget.take(6, 10), budget.take(5, 10), budget.take(4, 10), budget.taken()]).toEqual([
      true,
      false,
      true,
      10,
    ]);
    budget.give(6);
    expect([budget.take(6, 10), budget.taken()]).toEqual([true, 10]);
  });
});
