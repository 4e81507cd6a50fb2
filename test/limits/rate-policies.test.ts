import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Api, Config, Rates } from '../../src/catalog/model.ts';
import { createRatePolicies, type RateKeys, takeAll } from '../../src/limits/rate-policies.ts';
import { makeConfig, noRates } from '../gateway/make-config.ts';

const origin = 'http://127.0.0.1:1';

function configOf(all: Partial<Rates>, own: Partial<Rates> = {}): { config: Config; api: Api } {
  const config = makeConfig([{ origin, name: 'weather', price: '0', rates: { ...noRates, ...own } }], {
    rates: { ...noRates, ...all },
  });
  const [api] = config.apis;
  if (!api) throw new Error('the configuration has an API');
  return { config, api };
}

function payerSet(all: Partial<Rates>, own: Partial<Rates> = {}) {
  const { config, api } = configOf(all, own);
  const set = createRatePolicies()(config).of(api).payer;
  if (!set) throw new Error('no rate is set');
  return set;
}

const keys = (token: string, account = 'GA'): RateKeys => ({ account, token, address: '192.0.2.1' });

describe('rates of several subjects', () => {
  it('let a call in only when each of them does, and then count it at each', () => {
    const set = payerSet({ account: { perSecond: 1, burst: 3 }, token: { perSecond: 1, burst: 2 } });
    const taken = [takeAll(set, keys('a'), 0), takeAll(set, keys('a'), 0), takeAll(set, keys('a'), 0)];
    expect(taken.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect([takeAll(set, keys('b'), 0).ok, takeAll(set, keys('b'), 0).ok]).toEqual([true, false]);
  });

  it('take nothing from one when another refuses', () => {
    const set = payerSet({ account: { perSecond: 0.01, burst: 2 }, token: { perSecond: 0.01, burst: 1 } });
    expect(takeAll(set, keys('a'), 0).ok).toBe(true);
    for (let n = 0; n < 100; n++) expect(takeAll(set, keys('a'), 0).ok).toBe(false);
    expect(takeAll(set, keys('b'), 0).ok).toBe(true);
  });

  it('say what each has left, and to wait for the slowest', () => {
    const set = payerSet({ account: { perSecond: 0.1, burst: 1 } }, { token: { perSecond: 0.01, burst: 1 } });
    expect(set.text).toBe('"account";q=1;w=10, "weather/token";q=1;w=100');
    expect(takeAll(set, keys('a'), 0)).toEqual({
      ok: true,
      standing: '"account";r=0;t=10, "weather/token";r=0;t=100',
      retryAfterS: 0,
    });
    const refused = takeAll(set, keys('a'), 0);
    expect(refused).toMatchObject({ ok: false, retryAfterS: 100 });
    expect(takeAll(set, keys('a'), refused.retryAfterS * 1_000).ok).toBe(true);
  });

  it('are kept over a reload: nobody gets a fresh burst, and another rate fills what is there', () => {
    const ratesOf = createRatePolicies();
    const before = configOf({ token: { perSecond: 0.01, burst: 1 } });
    const after = configOf({ token: { perSecond: 10, burst: 5 } });
    const [old, next] = [ratesOf(before.config).of(before.api).payer, ratesOf(after.config).of(after.api).payer];
    if (!old || !next) throw new Error('both have a rate');
    expect(takeAll(old, keys('a'), 0).ok).toBe(true);
    expect(takeAll(next, keys('a'), 0).ok).toBe(false);
    expect(takeAll(next, keys('a'), 100).ok).toBe(true);
  });

  it('cost a gateway without rates nothing', () => {
    const { config, api } = configOf({});
    const rates = createRatePolicies()(config);
    expect([rates.address, rates.of(api)]).toEqual([
      undefined,
      { address: undefined, payer: undefined, open: undefined },
    ]);
  });

  it('count the address on open routes, where there is no account', () => {
    const { config, api } = configOf({ account: { perSecond: 1, burst: 1 }, token: { perSecond: 1, burst: 1 } });
    const { open } = createRatePolicies()(config).of(api);
    expect(open?.text).toBe('"account";q=1;w=1');
  });

  it('never let any subject have more than its burst and what has flowed in, whoever calls with what', () => {
    const call = fc.record({ advanceMs: fc.nat(500), account: fc.nat(1), token: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (calls, burst) => {
        const rates = { account: { perSecond: 3, burst: burst + 1 }, token: { perSecond: 2, burst } };
        const set = payerSet(rates);
        const passed = new Map<string, number>();
        let nowMs = 0;
        for (const { advanceMs, account, token } of calls) {
          nowMs += advanceMs;
          const [accountKey, tokenKey] = [`account ${account}`, `token ${account} ${token}`];
          if (!takeAll(set, keys(tokenKey, accountKey), nowMs).ok) continue;
          for (const key of [accountKey, tokenKey]) passed.set(key, (passed.get(key) ?? 0) + 1);
        }
        for (const [key, count] of passed) {
          const rate = key.startsWith('account') ? rates.account : rates.token;
          expect(count).toBeLessThanOrEqual(rate.burst + (nowMs / 1_000) * rate.perSecond + 1e-6);
        }
      }),
    );
  });
});
