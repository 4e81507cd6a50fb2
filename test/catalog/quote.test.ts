import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/catalog/model.ts';
import { quoteUsage, type RecordedUsage } from '../../src/catalog/quote.ts';
import { overlapOf } from '../../src/catalog/route-overlap.ts';
import { formatUsdc, parseUsdc, units, zero } from '../../src/money.ts';
import { base, loadGood, payee } from './folder.ts';

type Routes = Record<string, string>;

/** Mounts with their routes; `price` sells the rest of the mount too. */
function catalog(apis: Record<string, { price?: string | undefined; routes: Routes }>): Config {
  const entries = Object.entries(apis).map(([mount, { price, routes }], at) => {
    const listed = Object.entries(routes).map(([match, cost]) => `      - { match: "${match}", price: "${cost}" }\n`);
    return (
      `  - name: api${at}\n    payee: ${payee}\n    mount: ${mount}\n    upstream: http://127.0.0.1:9000\n` +
      (price === undefined ? '' : `    price: "${price}"\n`) +
      `    routes:${listed.length > 0 ? `\n${listed.join('')}` : ' []\n'}`
    );
  });
  return loadGood(`${base}apis:\n${entries.join('')}`);
}

/** Calls as the gateway records them under a catalog: by route alone. */
function record(config: Config, calls: { method: string; path: string }[]) {
  const rows = new Map<string, RecordedUsage & { paths: string[] }>();
  for (const { method, path } of calls) {
    const match = config.routes.match(method, path);
    if (match.kind !== 'route') continue;
    const { route } = match;
    const key = `${route.method} ${route.template}`;
    const { template, api } = route;
    const row = rows.get(key) ?? { api: api.name, method: route.method, template, calls: 0, earned: zero, paths: [] };
    row.calls += 1;
    row.earned = units(row.earned + route.priceUnits);
    row.paths.push(`${method} ${path}`);
    rows.set(key, row);
  }
  return [...rows.values()];
}

const usage = (template: string, calls: number, earned: string, method = 'GET'): RecordedUsage => ({
  api: 'api0',
  method,
  template,
  calls,
  earned: parseUsdc(earned) ?? zero,
});

const now = catalog({ '/w': { price: '0.001', routes: { 'GET /a/:x': '0.002', 'GET /status': '0' } } });

describe('a quote', () => {
  it('prices each recorded call again, to the unit', () => {
    const next = catalog({ '/w': { price: '0.0015', routes: { 'GET /a/:x': '0.0000003', 'GET /status': '0.01' } } });
    const rows = [usage('/w/a/:x', 7, '0.014'), usage('/w/status', 3, '0'), usage('/w/*', 2, '0.002', 'ANY')];
    const quote = quoteUsage(now, next, rows);
    expect(quote.rows.map((row) => [row.route, row.price, row.would_earn, row.difference])).toEqual([
      ['/w/a/:x', '0.0000003', '0.0000021', '-0.0139979'],
      ['/w/status', '0.01', '0.03', '0.03'],
      ['/w/*', '0.0015', '0.003', '0.001'],
    ]);
    expect(quote.total).toEqual({ calls: 12, earned: '0.016', would_earn: '0.0330021', difference: '0.0170021' });
    expect(quote.not_priced).toEqual({ calls: 0, earned: '0' });
  });

  it('says which rows it cannot price and why, and keeps them out of the total', () => {
    const next = catalog({
      '/w': { price: '0.001', routes: { 'GET /a/b': '1' } },
      '/w/v2': { routes: { 'GET /': '1' } },
    });
    const rows = [usage('/w/a/:x', 7, '0.014'), usage('/w/*', 2, '0.002', 'ANY'), usage('/w/a/b', 1, '0.002')];
    const quote = quoteUsage(now, next, rows);
    expect(quote.rows.map((row) => [row.route, row.price, row.reason])).toEqual([
      ['/w/a/:x', null, 'is not in the changed catalog'],
      ['/w/*', null, 'some of its calls would be under the new mount /w/v2'],
      ['/w/a/b', '1', null],
    ]);
    expect(quote.total).toEqual({ calls: 1, earned: '0.002', would_earn: '1', difference: '0.998' });
    expect(quote.not_priced).toEqual({ calls: 9, earned: '0.016' });
  });

  it('names the new route that would take some of the calls', () => {
    const next = catalog({ '/w': { price: '1', routes: { 'GET /a/:x': '1', 'GET /a/new': '2', 'GET /status': '0' } } });
    const [row] = quoteUsage(now, next, [usage('/w/a/:x', 1, '0.002')]).rows;
    expect(row?.reason).toBe('some of its calls would be GET /w/a/new');
  });

  it('does not take a call to a mount for one below it when the mount has moved', () => {
    const before = catalog({ '/m/a': { price: '5', routes: {} } });
    const after = catalog({ '/m': { price: '5', routes: { 'ANY /a/*': '1' } } });
    const [row] = quoteUsage(before, after, [usage('/m/a/*', 1, '5', 'ANY')]).rows;
    expect(row).toMatchObject({ price: null, reason: 'no longer covers /m/a itself' });
  });

  it('nor when a call by one method there would cost as much, and by others would not', () => {
    const before = catalog({ '/m/a': { price: '5', routes: {} }, '/m': { price: '5', routes: {} } });
    const after = catalog({ '/m': { price: '5', routes: { 'GET /:y': '2', 'ANY /a/*': '2' } } });
    const [row] = quoteUsage(before, after, [usage('/m/a/*', 1, '5', 'ANY')]).rows;
    expect(row).toMatchObject({ price: null, reason: 'no longer covers /m/a itself' });
  });

  it('never gives a price that the same calls would not have paid', () => {
    const segment = fc.constantFrom('a', 'b', ':x', ':y', '*', '');
    const match = fc
      .tuple(fc.constantFrom('GET', 'POST', 'ANY'), fc.array(segment, { minLength: 1, maxLength: 3 }))
      .map(([method, segments]) => `${method} /${segments.join('/')}`)
      .filter((text) => !/\*.|\/\/|\/$/.test(text) || /^\w+ \/$/.test(text));
    const shape = (text: string) => text.replaceAll(/:\w/g, ':');
    const routes = fc
      .uniqueArray(match, { maxLength: 5, selector: shape })
      .chain((list) => fc.tuple(...list.map((text) => fc.tuple(fc.constant(text), fc.constantFrom('1', '2', '3')))))
      .map((pairs): Routes => Object.fromEntries(pairs));
    const api = fc
      .record({ price: fc.constantFrom('5', '7', undefined), routes })
      .filter((each) => each.price !== undefined || Object.keys(each.routes).length > 0);
    const apis = fc.dictionary(fc.constantFrom('/m', '/m/a', '/n'), api, { minKeys: 1, maxKeys: 3 });
    const call = fc.record({
      method: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT'),
      path: fc
        .tuple(fc.constantFrom('/m', '/n'), fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 3 }))
        .map(([mount, rest]) => [mount, ...rest].join('/')),
    });
    fc.assert(
      fc.property(apis, apis, fc.array(call, { maxLength: 30 }), (before, after, calls) => {
        const [old, next] = [catalog(before), catalog(after)];
        const recorded = record(old, calls);
        const quote = quoteUsage(old, next, recorded);
        quote.rows.forEach((row, at) => {
          if (row.price === null) return;
          const paid = (recorded[at]?.paths ?? []).map((each) => {
            const [method = '', path = ''] = each.split(' ');
            const found = next.routes.match(method, path);
            return found.kind === 'route' ? found.route.priceUnits : zero;
          });
          expect(row.would_earn).toBe(formatUsdc(units(paid.reduce((all, price) => all + price, 0n))));
        });
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

describe('templates', () => {
  it.each([
    ['/a/b', '/a/:x', 'before'],
    ['/a/:x', '/a/b', 'behind'],
    ['/a/:x', '/a/:y', 'same'],
    ['/a/b', '/a/c', 'none'],
    ['/a/b', '/a/b/c', 'none'],
    ['/a/:x/c', '/a/b/:y', 'behind'],
    ['/a/*', '/a/b/c', 'behind'],
    ['/a/b/*', '/a/*', 'before'],
    ['/a/', '/a/:x', 'none'],
    ['/a/', '/a/*', 'before'],
    ['/a/*', '/a/*', 'same'],
  ])('%s and %s have in common: %s', (first, second, overlap) => {
    expect(overlapOf(first, second)).toBe(overlap);
  });
});
