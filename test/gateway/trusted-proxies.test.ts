import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/catalog/model.ts';
import type { CallRecord } from '../../src/gateway/call-record.ts';
import { limits, makeConfig, noRates } from './make-config.ts';
import { type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

/** The test is the peer, at 127.0.0.1: a trusted proxy where the configuration says so, and nobody special elsewhere. */

let upstream: RawUpstream;
let rig: Rig | undefined;
let records: CallRecord[];

beforeEach(async () => {
  upstream = await startUpstream();
  records = [];
});
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  await upstream.close();
});

async function rigWith(gateway: Partial<Config['gateway']>): Promise<Rig> {
  const config = makeConfig([{ origin: upstream.origin, price: '0.1' }], gateway);
  rig = await startRig({ config, deps: { logCall: (record) => void records.push(record) } });
  return rig;
}

const proxied = { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] };

describe('behind a trusted proxy', () => {
  it('the client is who the proxy says, for the upstream and for the access log', async () => {
    const started = await rigWith({ ...proxied, publicUrl: 'https://gateway.test' });
    const chain = '8.8.8.8, 2001:DB8::7, 10.0.0.2';
    const answer = await started.get('/api0/a', { 'x-forwarded-for': chain, 'x-forwarded-host': 'evil.test' });
    expect(answer.status).toBe(200);
    const { headers } = upstream.requests[0] ?? {};
    expect(headers?.get('x-forwarded-for')).toBe('2001:db8::7, 10.0.0.2, 127.0.0.1');
    expect(headers?.get('forwarded')).toBe(
      'for="[2001:db8::7]";host="gateway.test";proto=https, for=10.0.0.2, for=127.0.0.1',
    );
    expect([headers?.get('x-forwarded-host'), headers?.get('x-forwarded-proto')]).toEqual(['gateway.test', 'https']);
    expect(records.map(({ address }) => address)).toEqual(['2001:db8::7']);
  });

  it('the gateway’s own pages, and with them the login throttle, see the client', async () => {
    const config = makeConfig([{ origin: upstream.origin, price: '0.1' }], proxied);
    const internal = (req: IncomingMessage, res: ServerResponse) => {
      res.end(req.socket.remoteAddress);
      return true;
    };
    rig = await startRig({ config, deps: { internal } });
    expect((await rig.get('/_callora/who', { 'x-forwarded-for': '192.0.2.7' })).body).toBe('192.0.2.7');
  });

  it('address lists and rates go by the client', async () => {
    const started = await rigWith({
      ...proxied,
      blockAddresses: ['192.0.2.7'],
      rates: { ...noRates, address: { perSecond: 0.01, burst: 1 } },
    });
    const statuses: number[] = [];
    for (const address of ['192.0.2.7', '192.0.2.8', '192.0.2.8', '192.0.2.9']) {
      statuses.push((await started.get('/api0/a', { 'x-forwarded-for': address })).status);
    }
    expect(statuses).toEqual([403, 200, 429, 200]);
  });

  it('an address that cannot be read is refused, and nothing is forwarded', async () => {
    const started = await rigWith(proxied);
    const answer = await started.get('/api0/a', { 'x-forwarded-for': 'unknown' });
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 'bad_request']);
    expect(JSON.parse(answer.body).detail).toContain('x-forwarded-for');
    expect(upstream.requests).toEqual([]);
  });

  it('only the field that the proxy writes counts', async () => {
    const started = await rigWith({ ...proxied, forwardedField: 'forwarded' });
    const fields = { 'x-forwarded-for': '192.0.2.7', forwarded: 'for=198.51.100.3;proto=http' };
    await started.get('/api0/a', fields);
    expect(upstream.requests[0]?.headers.get('x-forwarded-for')).toBe('198.51.100.3, 127.0.0.1');
  });

  it('each request of one connection has its own client', async () => {
    const started = await rigWith(proxied);
    const request = (address: string, last: string) =>
      `GET /api0/a HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\nx-forwarded-for: ${address}\r\nconnection: ${last}\r\n\r\n`;
    await started.send(
      request('192.0.2.1', 'keep-alive') + request('192.0.2.2', 'keep-alive') + request('10.0.0.1', 'close'),
    );
    expect(records.map(({ address }) => address)).toEqual(['192.0.2.1', '192.0.2.2', '10.0.0.1']);
  });

  it('connections of the proxy are bounded in all, not as those of one client', async () => {
    const started = await rigWith({ ...proxied, limits: { ...limits, connectionsPerAddressMax: 1 } });
    const answers = await Promise.all(
      ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => started.get('/api0/a', { 'x-forwarded-for': address })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('without a trusted proxy', () => {
  it.each([{}, { trustedProxies: ['10.0.0.0/8'] }])('the peer is the client whatever it sends: %o', async (gateway) => {
    const started = await rigWith({ ...gateway, allowAddresses: ['127.0.0.1'] });
    const fields = { 'x-forwarded-for': '192.0.2.7', forwarded: 'for=192.0.2.7', 'x-real-ip': '192.0.2.7' };
    expect((await started.get('/api0/a', fields)).status).toBe(200);
    const { headers } = upstream.requests[0] ?? {};
    expect([headers?.get('x-forwarded-for'), headers?.has('x-real-ip')]).toEqual(['127.0.0.1', false]);
    expect(headers?.get('forwarded')).toBe('for=127.0.0.1;host="gateway.test";proto=http');
    expect(records.map(({ address }) => address)).toEqual(['127.0.0.1']);
  });
});
