import { describe, expect, it, vi } from 'vitest';
import { createTokenCache } from '../../src/access/token-cache.ts';
import { createLedger } from '../../src/billing/ledger.ts';
import { createReadings } from '../../src/gateway/readings.ts';
import { units } from '../../src/money.ts';
import { makeConfig } from './make-config.ts';

/** How many look-ups in maps and sets a step makes: a count, where a clock would only measure the machine. */
function lookUps(step: () => unknown): number {
  const spies = [
    vi.spyOn(Map.prototype, 'get'),
    vi.spyOn(Map.prototype, 'has'),
    vi.spyOn(Map.prototype, 'set'),
    vi.spyOn(Map.prototype, 'delete'),
    vi.spyOn(Map.prototype, 'values'),
    vi.spyOn(Map.prototype, 'entries'),
    vi.spyOn(Map.prototype, Symbol.iterator),
    vi.spyOn(Set.prototype, 'has'),
    vi.spyOn(Set.prototype, 'add'),
  ];
  try {
    step();
    return spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

function catalogOf(routes: number) {
  const list = Array.from({ length: routes }, (_, at) => ({
    match: `GET /area${at % 7}/kind${at}/:id`,
    price: at % 2 === 0 ? '0.1' : '0.2',
  }));
  return makeConfig([{ origin: 'http://127.0.0.1:1', price: '0.1', list }]);
}

describe('what a call costs', () => {
  it('does not grow with the number of routes', () => {
    const steps = [10, 10_000].map((routes) => {
      const { routes: table, apis } = catalogOf(routes);
      const readings = createReadings();
      // The last one listed, and one that nothing lists.
      return [`/api0/area${(routes - 1) % 7}/kind${routes - 1}/x`, '/api0/elsewhere/x'].map((path) => {
        const match = table.match('GET', path);
        if (match.kind !== 'route') throw new Error(match.kind);
        // What a catalog needs once is made by its first call.
        readings.isDearer('GET', match.rest, false, match.route, apis);
        return lookUps(() => {
          table.match('GET', path);
          readings.isDearer('GET', match.rest, false, match.route, apis);
          readings.dearerMethods('GET', match.rest, false, match.route, apis);
        });
      });
    });
    expect(steps[0]).toEqual(steps[1]);
    expect(steps[0]?.every((count) => count > 0 && count < 40)).toBe(true);
  });

  it('does not grow with the number of accounts', () => {
    const steps = [10, 100_000].map((accounts) => {
      const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 1 });
      for (let id = 1; id <= accounts; id++) {
        ledger.open({ id, address: `G${id}`, deposited: units(1_000n), limit: units(1_000n) });
      }
      return lookUps(() => {
        const slot = ledger.account(`G${accounts}`);
        const held = slot && ledger.hold(slot, undefined, units(5n));
        if (!held?.ok) throw new Error('no money');
        ledger.capture(held.hold);
        ledger.spendable(held.hold.account);
        ledger.totals();
      });
    });
    expect(steps).toEqual([1, 1]);
  });

  it('does not grow with the number of tokens that are remembered', () => {
    const steps = [10, 100_000].map((tokens) => {
      const cache = createTokenCache(tokens);
      const textOf = (at: number) => `head.payload.${String(at).padStart(86, 's')}`;
      for (let at = 0; at < tokens; at++) {
        cache.keep(textOf(at), { jti: `t${at}`, account: 'G', scopes: '*', expiresAtMs: 1, capUnits: undefined });
      }
      return lookUps(() => cache.get(textOf(tokens - 1)));
    });
    expect(steps).toEqual([1, 1]);
  });
});
