import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { guardedLookup, type Resolve } from '../../src/upstream/address-guard.ts';
import { createDialer } from '../../src/upstream/dial.ts';
import { answering, apiOf, call, makeUpstreams, ok, serve } from './rig.ts';

function resolving(...addresses: string[]): Resolve & { asked: string[] } {
  const asked: string[] = [];
  const resolve: Resolve = (name, _options, callback) => {
    asked.push(name);
    callback(
      null,
      addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return Object.assign(resolve, { asked });
}

/** What Node is told to dial, or why nothing. */
function answerFor(name: string, resolve: Resolve, allowPrivate = false): Promise<unknown> {
  return new Promise((settle) => {
    guardedLookup(allowPrivate, resolve)(name, { all: true }, (error, addresses) => settle(error ?? addresses));
  });
}

describe('a name of an upstream', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'fd00:ec2::254',
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
  ])('that leads to %s is refused unless the catalog allows it', async (address) => {
    expect(await answerFor('api.example', resolving(address))).toMatchObject({
      kind: 'address_forbidden',
      message: expect.stringMatching(/allow_private: true/),
    });
    expect(await answerFor('api.example', resolving(address), true)).toMatchObject([{ address }]);
  });

  it('that leads to public addresses is dialled there', async () => {
    const found = await answerFor('api.example', resolving('93.184.215.14', '2606:2800:21f::1'));
    expect(found).toMatchObject([{ address: '93.184.215.14' }, { address: '2606:2800:21f::1' }]);
  });

  it('with one private address among public ones is refused', async () => {
    expect(await answerFor('api.example', resolving('93.184.215.14', '10.0.0.1'))).toMatchObject({
      kind: 'address_forbidden',
    });
  });

  it('without an address is not found', async () => {
    expect(await answerFor('api.example', resolving())).toMatchObject({ kind: 'dns' });
  });

  it('is asked for once a connection, and what was checked is what is dialled', async () => {
    const server = await serve(answering(ok));
    const [api] = [apiOf(`http://api.example:${server.port}`, { allowPrivate: true })];
    const resolve = resolving('127.0.0.1');
    const socket = createDialer(api?.upstream.origins[0] ?? '', api.upstream, resolve).dial(undefined);
    await new Promise((connected) => socket.on('connect', connected));
    expect({ asked: resolve.asked, remote: socket.remoteAddress }).toEqual({
      asked: ['api.example'],
      remote: '127.0.0.1',
    });
    socket.destroy();
  });

  it('is looked at for every connection, so that a name that moves leads nowhere', async () => {
    const server = await serve(answering(ok.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')));
    const moving = ['127.0.0.1', '10.0.0.1', '127.0.0.1'];
    const resolve: Resolve = (_name, _options, callback) =>
      callback(null, [{ address: moving.shift() ?? '', family: 4 }]);
    const api = apiOf(`http://api.example:${server.port}`, { breaker: { failures: 1, openForMs: 60_000 } });
    const kinds: (string | undefined)[] = [];
    const upstreams = makeUpstreams(systemClock, resolve);
    for (let i = 0; i < 3; i++) {
      const { error, sent } = await call(upstreams, api).ended;
      kinds.push(error?.kind);
      expect(sent).toBe(0);
    }
    expect(kinds).toEqual(Array(3).fill('address_forbidden'));
    expect(server.sockets).toHaveLength(0);
  });
});

describe('an address in the URL itself', () => {
  it.each(['127.0.0.1', 'localhost'])('needs no leave: %s', async (host) => {
    const server = await serve(answering(ok));
    expect((await call(makeUpstreams(), apiOf(`http://${host}:${server.port}`)).ended).status).toBe(200);
  });
});
