import type { Rate, Rates } from './model.ts';
import type { RatesSettings } from './schema.ts';

/** A burst that is left out is what flows in within a second, so that a steady client is not refused. */
export function compileRates({ account, token, address }: RatesSettings): Rates {
  return { account: compileRate(account), token: compileRate(token), address: compileRate(address) };
}

function compileRate(rate: RatesSettings['account']): Rate | undefined {
  return rate && { perSecond: rate.per_second, burst: rate.burst ?? Math.ceil(rate.per_second) };
}
