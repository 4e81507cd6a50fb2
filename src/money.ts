/**
 * Money is an integer of 1e-7 USDC, the smallest unit of the Stellar asset. Everything inside counts in `Units`;
 * decimal text exists only at the edges (YAML, JSON, headers, CLI), and only this file converts.
 */
declare const unitsBrand: unique symbol;
export type Units = bigint & { readonly [unitsBrand]: true };

export const unitsPerUsdc = 10_000_000n;

/** The most the vault's i64 amounts and SQLite's integers both hold. */
export const unitsMax = units(2n ** 63n - 1n);

/** The most one stored amount may be: a safe JavaScript integer, about 900 million USDC. */
export const storedUnitsMax = units(BigInt(Number.MAX_SAFE_INTEGER));

export const zero = units(0n);

/** Marks an integer as units of 1e-7 USDC. */
export function units(value: bigint | number): Units {
  return BigInt(value) as Units;
}

const usdcText = /^(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,7}))?$/;

/**
 * Reads a decimal USDC text such as `0.0005`: no sign, no exponent, no spaces, at most 7 decimals.
 * Returns undefined for anything else, so that the caller can name the field.
 */
export function parseUsdc(text: string): Units | undefined {
  const match = usdcText.exec(text);
  if (!match) return undefined;
  const whole = BigInt(match[1] ?? '0') * unitsPerUsdc;
  return units(whole + BigInt((match[2] ?? '').padEnd(7, '0')));
}

/** Writes units as decimal USDC with no trailing zeros: 5000n is `0.0005`, 10000000n is `1`. */
export function formatUsdc(amount: Units): string {
  const sign = amount < 0n ? '-' : '';
  const size = amount < 0n ? -amount : amount;
  const fraction = (size % unitsPerUsdc).toString().padStart(7, '0').replace(/0+$/, '');
  return `${sign}${size / unitsPerUsdc}${fraction && `.${fraction}`}`;
}

export function add(a: Units, b: Units): Units {
  return (a + b) as Units;
}

export function subtract(a: Units, b: Units): Units {
  return (a - b) as Units;
}

export function least(a: Units, b: Units): Units {
  return a < b ? a : b;
}

export function most(a: Units, b: Units): Units {
  return a > b ? a : b;
}

/** Negative amounts become 0: what cannot be spent is nothing, never a debt shown as a balance. */
export function atLeastZero(amount: Units): Units {
  return amount < 0n ? zero : amount;
}
