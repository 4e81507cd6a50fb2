import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsdc, parseUsdc, units } from '../src/money.ts';

describe('money text', () => {
  it.each([
    ['0', 0n],
    ['0.0000001', 1n],
    ['0.0005', 5_000n],
    ['1', 10_000_000n],
    ['1.50', 15_000_000n],
    ['999999999999.9999999', 9_999_999_999_999_999_999n],
  ])('reads %s exactly', (text, expected) => {
    expect(parseUsdc(text)).toBe(expected);
  });

  it.each(['', ' 1', '1 ', '+1', '-1', '1e3', '01', '1.', '.5', '0.00000001', '1,5', '0x1', 'NaN', '1_000', '١'])(
    'refuses %j, which is not plain decimal USDC',
    (text) => {
      expect(parseUsdc(text)).toBeUndefined();
    },
  );

  it('writes the shortest text and reads it back to the same units', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (value) => {
        const text = formatUsdc(units(value));
        expect(parseUsdc(text)).toBe(value);
        expect(text).not.toMatch(/\.\d*0$/);
      }),
    );
  });

  it('writes a negative difference with its sign', () => {
    expect(formatUsdc(units(-1n))).toBe('-0.0000001');
    expect(formatUsdc(units(-15_000_000n))).toBe('-1.5');
  });
});
