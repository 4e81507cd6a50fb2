import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HorizonRig, startHorizonRig } from './horizon-rig.ts';
import { rawStatus } from './raw-request.ts';

let rig: HorizonRig;
beforeAll(async () => {
  rig = await startHorizonRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const status = async (path: string, init: RequestInit = {}) =>
  (await fetch(`${rig.devnet.horizonUrl}${path}`, init)).status;

describe('a path', () => {
  it('that is no resource is not found, and one with an empty part is no other resource', async () => {
    for (const path of ['/nothing', '/accounts//payments', '/payments/x', '/ledgers/1/x/y']) {
      const answer = await rig.get(path);
      expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(await answer.json()).toMatchObject({
        status: 404,
        title: 'Resource Missing',
        type: 'https://stellar.org/horizon-errors/not_found',
      });
    }
  });

  it('may end with a slash', async () => {
    expect(await status('/payments/')).toBe(200);
  });

  it('that no client would send does no harm', async () => {
    const targets = [
      '//x',
      '///',
      '//',
      '/%',
      '/accounts/%ff',
      '/accounts/%',
      '/..%2f..',
      '*',
      'http://elsewhere/nothing',
    ];
    for (const target of targets)
      expect([target, await rawStatus(rig.devnet.horizonUrl, target)]).toEqual([target, expect.toSatisfy(is4xx)]);
    expect(await rawStatus(rig.devnet.horizonUrl, 'http://elsewhere/payments')).toBe(200);
    expect(await rawStatus(rig.devnet.horizonUrl, `/payments?cursor=${'9'.repeat(10_000)}`)).toBe(400);
    expect(await rawStatus(rig.devnet.horizonUrl, `/payments?${'a=b&'.repeat(3_000)}`)).toBe(200);
    expect(await rawStatus(rig.devnet.horizonUrl, '/payments?limit=%ff')).toBe(400);
    expect(await rawStatus(rig.devnet.horizonUrl, '/payments?cursor=%')).toBe(400);
  });

  it('of a known resource refuses other methods with no more than a status', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) {
      const answer = await fetch(`${rig.devnet.horizonUrl}/payments`, { method });
      expect([method, answer.status, await answer.text()]).toEqual([method, 405, '']);
    }
    expect(await status('/nothing', { method: 'POST' })).toBe(404);
  });
});

function is4xx(code: number): boolean {
  return code >= 400 && code < 500;
}

describe('the form of an answer', () => {
  const formOf = async (path: string, accept: string) => {
    const answer = await rig.get(path, { accept });
    await answer.body?.cancel();
    return answer.status === 200 ? answer.headers.get('content-type') : answer.status;
  };
  const HAL = 'application/hal+json; charset=utf-8';

  it('is what the client prefers among those there are', async () => {
    expect(await formOf('/payments', '*/*')).toBe(HAL);
    expect(await formOf('/payments', 'application/json, text/plain, */*')).toBe(HAL);
    expect(await formOf('/payments', 'text/html;q=0.9, application/*;q=0.1')).toBe(HAL);
    expect(await formOf('/payments', 'text/event-stream;q=0.1, application/json')).toBe(HAL);
    expect(await formOf('/payments', 'text/event-stream, application/json;q=0.1')).toBe(
      'text/event-stream; charset=utf-8',
    );
  });

  it('is refused when the resource has none of those that fit', async () => {
    expect(await formOf('/payments', 'text/html')).toBe(406);
    expect(await formOf('/payments', 'application/octet-stream')).toBe(406);
    expect(await formOf('/payments', 'application/json;q=0')).toBe(406);
    expect(await formOf('/', 'text/event-stream')).toBe(406);
    expect(await rig.json('/', { accept: 'text/html' })).toMatchObject({
      type: 'https://stellar.org/horizon-errors/not_acceptable',
    });
  });
});

describe('headers', () => {
  it('keep answers out of caches and open to every origin', async () => {
    for (const path of ['/', '/nothing']) {
      const { headers } = await rig.get(path);
      expect(headers.get('cache-control')).toBe('no-cache, no-store, max-age=0');
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-expose-headers')).toBe('Date, Latest-Ledger');
    }
    const headers = { origin: 'https://wallet.example', 'access-control-request-method': 'POST' };
    expect(await status('/transactions', { method: 'OPTIONS', headers })).toBe(204);
  });

  it('name the newest ledger where the answer is the present state, and nowhere else', async () => {
    const who = await rig.funded('headers');
    const latest = async (path: string) => (await rig.get(path)).headers.get('latest-ledger');
    expect(await latest(`/accounts/${who.publicKey()}`)).toBe(String(rig.devnet.latestLedger().sequence));
    for (const path of ['/', '/payments', '/fee_stats']) expect(await latest(path)).toBeNull();
  });
});

describe('links', () => {
  it('lead back to the host and scheme that the client named', async () => {
    const headers = { 'x-forwarded-proto': 'https', host: 'horizon.example:8443' };
    const { request } = await import('node:http');
    const text = await new Promise<string>((resolve, reject) => {
      request(`${rig.devnet.horizonUrl}/payments`, { headers }, async (res) => {
        let body = '';
        for await (const chunk of res) body += chunk;
        resolve(body);
      })
        .on('error', reject)
        .end();
    });
    expect(JSON.parse(text)._links.next.href).toMatch(/^https:\/\/horizon\.example:8443\/payments\?/);
  });

  it('of a page that begins now lead on from that very ledger, however often they are followed', async () => {
    const from = await rig.funded('links from');
    const to = await rig.funded('links to');
    const page = await rig.horizon.payments().forAccount(to.publicKey()).cursor('now').call();
    const same = await page.next();
    expect([page.records, same.records]).toEqual([[], []]);
    const { hash } = await rig.pay(from, to, '1');
    const { records } = await same.next();
    expect(records.map(({ transaction_hash }) => transaction_hash)).toEqual([hash]);
    const { _links } = await rig.json('/payments?cursor=now');
    expect(_links.self?.href).toMatch(/cursor=\d+&/);
  });

  it('keep what was asked for, in the order of its names', async () => {
    const { _links } = await rig.json('/payments?order=desc&join=transactions&include_failed=true&limit=3');
    expect(_links.self?.href).toBe(
      `${rig.devnet.horizonUrl}/payments?cursor=&include_failed=true&join=transactions&limit=3&order=desc`,
    );
  });
});
