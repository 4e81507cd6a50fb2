import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Rates } from '../../src/catalog/model.ts';
import { until } from '../support/until.ts';
import { makeConfig, noRates } from './make-config.ts';
import { type RawUpstream, startUpstream } from './raw-upstream.ts';
import { account, type Rig, startRig } from './rig.ts';

/** Rates and places over real sockets: who is counted where, and that a refused call costs nothing. */

let upstream: RawUpstream;
let rig: Rig | undefined;
const slow = { perSecond: 0.01, burst: 2 };

beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  await upstream.close();
});

async function rigWith(all: Partial<Rates>, own: Partial<Rates> = {}): Promise<Rig> {
  const list = [
    { match: 'GET /paid', price: '0.1' },
    { match: 'GET /open', auth: 'none' as const },
  ];
  const config = makeConfig(
    [{ origin: upstream.origin, name: 'weather', mount: '/w', rates: { ...noRates, ...own }, list }],
    {
      rates: { ...noRates, ...all },
    },
  );
  rig = await startRig({ config });
  for (const jti of ['second', 'third']) {
    rig.tokens.set(jti, { jti, account, scopes: '*', expiresAtMs: Number.MAX_SAFE_INTEGER, capUnits: undefined });
  }
  return rig;
}

const as = (token: string) => ({ authorization: `Bearer ${token}` });

async function codes(path: string, ...tokens: string[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const token of tokens) statuses.push((await rig?.get(path, as(token)))?.status ?? 0);
  return statuses;
}

describe('rates of the gateway', () => {
  it('of a token leave the other tokens of the account alone', async () => {
    await rigWith({ token: slow });
    expect(await codes('/w/paid', 'good-token', 'good-token', 'good-token', 'second')).toEqual([200, 200, 429, 200]);
  });

  it('of an account hold for all its tokens together', async () => {
    await rigWith({ account: slow });
    expect(await codes('/w/paid', 'good-token', 'second', 'third')).toEqual([200, 200, 429]);
  });

  it('of an address count every request, and stop a flood of bad tokens before they are looked at', async () => {
    const started = await rigWith({ address: slow });
    expect(await codes('/w/paid', 'forged', 'forged', 'forged', 'good-token')).toEqual([401, 401, 429, 429]);
    const page = await started.get('/_callora/hello');
    expect([page.status, page.headers.get('ratelimit-policy')]).toEqual([429, '"address";q=2;w=200']);
    expect(upstream.requests).toEqual([]);
  });

  it('stand on answers and refusals as one list each, and with the wait of the slowest', async () => {
    const started = await rigWith({ address: { perSecond: 100, burst: 100 }, account: slow }, { token: slow });
    const answers = [await started.get('/w/paid'), await started.get('/w/paid'), await started.get('/w/paid')];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    for (const { headers, names } of answers) {
      expect(headers.get('ratelimit-policy')).toBe(
        '"address";q=100;w=1, "account";q=2;w=200, "weather/token";q=2;w=200',
      );
      expect(headers.get('ratelimit')).toMatch(
        /^"address";r=9\d;t=1, "account";r=\d;t=\d+, "weather\/token";r=\d;t=\d+$/,
      );
      expect(names.filter((name) => name.startsWith('ratelimit'))).toHaveLength(2);
    }
    const refused = answers[2]?.headers;
    const waits = [...(refused?.get('ratelimit') ?? '').matchAll(/t=(\d+)/g)].map(([, wait]) => Number(wait));
    expect(Number(refused?.get('retry-after'))).toBe(Math.max(...waits));
    expect(started.account().charged).toBe(2_000_000n);
  });
});

describe('rates of an API', () => {
  it('of an address stop a flood at that API alone', async () => {
    const started = await rigWith({}, { address: slow });
    expect(await codes('/w/paid', 'forged', 'good-token', 'good-token')).toEqual([401, 200, 429]);
    expect((await started.get('/_callora/hello')).status).toBe(200);
  });

  it('of an account count the address on routes without one', async () => {
    await rigWith({}, { account: slow });
    expect(await codes('/w/open', '-', '-', '-')).toEqual([200, 200, 429]);
    expect(await codes('/w/paid', 'good-token')).toEqual([200]);
  });
});

describe('places of an account', () => {
  it('at an API are refused past its own limit, with the limit named, and come free with the call', async () => {
    await upstream.close();
    const answers: (() => void)[] = [];
    upstream = await startUpstream((_request, socket) => {
      answers.push(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
      return undefined;
    });
    const config = makeConfig([
      { origin: upstream.origin, name: 'slow', mount: '/slow', price: '0.1', callsPerAccountMax: 1 },
      { origin: upstream.origin, name: 'fast', mount: '/fast', price: '0.1' },
    ]);
    rig = await startRig({ config });
    const first = rig.get('/slow/a');
    await until(() => answers.length === 1);
    const refused = await rig.get('/slow/b');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(JSON.parse(refused.body)).toMatchObject({
      code: 'too_many_waiting',
      detail: 'an account has at most 1 call of slow under way at once',
    });
    const elsewhere = rig.get('/fast/a');
    await until(() => answers.length === 2);
    for (const answer of answers) answer();
    expect([(await first).status, (await elsewhere).status]).toEqual([200, 200]);
    const again = rig.get('/slow/c');
    await until(() => answers.length === 3);
    answers[2]?.();
    expect((await again).status).toBe(200);
  });
});

describe('address lists of an API', () => {
  it('close that API and no other, before the token is looked at', async () => {
    const config = makeConfig([
      { origin: upstream.origin, name: 'inner', mount: '/inner', price: '0.1', allowAddresses: ['192.0.2.0/24'] },
      { origin: upstream.origin, name: 'outer', mount: '/outer', price: '0.1', blockAddresses: ['192.0.2.0/24'] },
    ]);
    rig = await startRig({ config });
    const closed = await rig.get('/inner/a', as('forged'));
    expect([closed.status, JSON.parse(closed.body).code]).toEqual([403, 'address_blocked']);
    expect((await rig.get('/outer/a')).status).toBe(200);
  });
});
