import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { routeFinder } from '../../../src/devnet/horizon/match.ts';
import { routes } from '../../../src/devnet/horizon/routes.ts';
import { type HorizonRig, startHorizonRig } from './horizon-rig.ts';
import { rawStatus } from './raw-request.ts';

let rig: HorizonRig;
beforeAll(async () => {
  rig = await startHorizonRig();
});
afterEach(() => rig.devnet.clearFaults());
afterAll(() => rig[Symbol.asyncDispose]());

describe('the table of routes', () => {
  it('has one row for each path and method', () => {
    const rows = routes.map(
      ({ path, kind }) => `${kind === 'submit' ? 'POST' : 'GET'} ${path.replace(/\{\w+\}/g, '{}')}`,
    );
    expect(rows.filter((row, at) => rows.indexOf(row) !== at)).toEqual([]);
  });

  it('finds each of its paths, whatever stands for its parameters', () => {
    const find = routeFinder(routes);
    for (const route of routes) {
      const found = find(route.path.replace(/\{\w+\}/g, 'x%2Fy'));
      expect(found.map((row) => row.route)).toContain(route);
    }
  });

  it('answers nothing with an error of the server, whatever is asked', async () => {
    const words = routes.flatMap(({ path }) => path.split('/'));
    const part = fc.oneof(
      fc.constantFrom(...words),
      fc.constantFrom('', '..', '%', '%00', '%ff', '-1', '0', '1', '9'.repeat(30), 'G'.repeat(56), '0'.repeat(64)),
      fc.stringMatching(/^[!-~]{1,12}$/),
    );
    const names = ['cursor', 'limit', 'order', 'join', 'include_failed', 'asset', 'signer', 'selling_asset_type', 'x'];
    const query = fc.array(fc.tuple(fc.constantFrom(...names), part), { maxLength: 4 });
    const accept = fc.constantFrom('*/*', 'application/octet-stream', 'text/html', ';q=x,,/', 'application/json;q=');
    const method = fc.constantFrom('GET', 'GET', 'GET', 'PUT', 'HEAD', 'OPTIONS');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 4 }), query, accept, method, async (path, params, form, verb) => {
        const search = params.map(([name, value]) => `${name}=${value}`).join('&');
        const target = `/${path.join('/')}?${search}`.replaceAll(' ', '');
        const status = await rawStatus(rig.devnet.horizonUrl, target, { method: verb, headers: { accept: form } });
        expect([target, status]).toEqual([target, expect.toSatisfy((code: number) => code >= 200 && code < 500)]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the root', () => {
  it('leads to every kind of resource that there is', async () => {
    const find = routeFinder(routes);
    const { _links } = await rig.json('/');
    const paths = Object.values(_links).map(({ href }) =>
      href.slice(rig.devnet.horizonUrl.length).replace(/\{\?.*/, ''),
    );
    for (const path of paths.filter((path) => path !== '/friendbot')) {
      expect([path, find(path).length]).toEqual([path, expect.toSatisfy((rows: number) => rows > 0)]);
    }
    expect(_links.payments).toEqual({
      href: `${rig.devnet.horizonUrl}/payments{?cursor,limit,order,include_failed}`,
      templated: true,
    });
    expect(_links.fee_stats).toEqual({ href: `${rig.devnet.horizonUrl}/fee_stats` });
  });
});

describe('a fault of one route', () => {
  it('meets that route and leaves the others alone', async () => {
    rig.devnet.setFault('horizon.payments', { kind: 'error', message: 'payments are down' });
    expect(await rig.json('/payments')).toMatchObject({
      status: 500,
      title: 'Internal Server Error',
      detail: 'payments are down',
    });
    expect((await rig.get('/transactions')).status).toBe(200);
    rig.devnet.setFault('horizon.submit', { kind: 'http', status: 503 });
    const sent = await fetch(`${rig.devnet.horizonUrl}/transactions`, { method: 'POST' });
    expect(sent.status).toBe(503);
  });

  it('that lags shows the ledger it knows in cursors, links and root', async () => {
    await rig.devnet.closeLedger();
    const { sequence } = await rig.devnet.closeLedger();
    rig.devnet.setFault('horizon', { kind: 'lag', ledgers: 2 });
    expect(await rig.json('/')).toMatchObject({
      history_latest_ledger: sequence - 2,
      core_latest_ledger: sequence - 2,
    });
    const { _links } = await rig.json('/payments?cursor=now');
    const cursor = BigInt(new URL(_links.next?.href ?? '').searchParams.get('cursor') ?? 0);
    expect(Number(cursor >> 32n)).toBe(sequence - 2);
  });
});
