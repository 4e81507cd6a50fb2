import { afterEach, expect, it } from 'vitest';
import { type ApiSpec, makeConfig, type RouteSpec } from './make-config.ts';
import { readAnswer } from './raw-client.ts';
import { type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

/** Paths as real clients spell them, though no catalog does: sold where their own spelling is sold, or refused with it. */

let upstream: RawUpstream;
let rig: Rig;

async function start(list: RouteSpec[], spec: Partial<ApiSpec> = {}) {
  upstream = await startUpstream();
  rig = await startRig({ config: makeConfig([{ origin: upstream.origin, list, ...spec }]) });
}

afterEach(async () => {
  await rig.close();
  await upstream.close();
});

async function ask(path: string) {
  const fields = `host: a\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n`;
  const { status, headers, body } = readAnswer(await rig.send(`GET ${path} HTTP/1.1\r\n${fields}\r\n`));
  const { code, detail } = status === 200 ? { code: undefined, detail: undefined } : JSON.parse(body);
  return { status, price: headers.get('callora-price'), code, detail };
}

it.each(['/city/m%c3%bcnchen', '/city/%7Eme', '/city/a|b', '/city/[1]', '/city/%7bx%7d', '/other/%e2%82%ac?x=[%2f]'])(
  'in a place that takes any name, %s is forwarded byte for byte at the price of that place',
  async (path) => {
    await start([{ match: 'GET /city/:name', price: '0.002' }], { price: '0.001' });
    expect(await ask(`/api0${path}`)).toMatchObject({
      status: 200,
      price: path.startsWith('/city') ? '0.002' : '0.001',
    });
    expect(upstream.requests.map(({ line }) => line)).toEqual([`GET ${path} HTTP/1.1`]);
  },
);

it.each([
  ['/caf%c3%a9', '/caf%C3%A9', '0.1'],
  ['/caf%c3%a9', '/caf%C3%A9', '0.0001'],
  ['/caf%c3%a9', '/caf%C3%A9', undefined],
  ['/caf%C3%A9/%7Eme', '/caf%C3%A9/~me', '0.1'],
  ['/at[1]', '/at%5B1%5D', '0.1'],
  ['/p|q', '/p%7Cq', undefined],
])('%s is not sold beside the listed %s, whatever else costs: %s', async (path, listed, price) => {
  const list = ['/caf%C3%A9', '/caf%C3%A9/~me', '/at%5B1%5D', '/p%7Cq'].map((each) => ({
    match: `GET ${each}`,
    price: '0.01',
  }));
  await start(list, price === undefined ? {} : { price });
  expect(await ask(`/api0${listed}`)).toMatchObject({ status: 200, price: '0.01' });
  expect(await ask(`/api0${path}`)).toEqual({
    status: 400,
    price: undefined,
    code: 'bad_path',
    detail: `this path is listed in another spelling: /api0${listed}`,
  });
  expect(upstream.requests.length).toBe(1);
});

it('a mount in another spelling is told how it is listed', async () => {
  await start([], { mount: '/~team', price: '0.01' });
  expect(await ask('/%7Eteam/a')).toMatchObject({ status: 400, detail: expect.stringContaining(': /~team/a') });
  expect(await ask('/~team/%7Ea')).toMatchObject({ status: 200, price: '0.01' });
});

it('a path that nobody sells in any spelling is not found', async () => {
  await start([{ match: 'GET /a', price: '0.01' }]);
  expect((await ask('/api0/b%c3%a9')).status).toBe(404);
});
