import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { answering, apiOf, call, makeUpstreams, ok, pass, serve, until } from './rig.ts';

const switching = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n';
const lines = 'upgrade: websocket\r\n';

describe('an upgrade', () => {
  it('hands the socket over with what came behind the head, and its time limits end', async () => {
    const clock = fakeClock();
    const server = await serve((socket) => {
      socket.once('data', () => socket.write(`${switching}first`));
    });
    const upstreams = makeUpstreams(clock);
    let text = '';
    let socket: Duplex | undefined;
    const one = call(upstreams, apiOf(server.origin), {
      lines,
      firstByteTimeoutMs: 1_000,
      idleTimeoutMs: 1_000,
      totalTimeoutMs: 1_000,
      onUpgrade(_head, given, rest) {
        socket = given;
        text += rest.toString();
        given.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        given.resume();
      },
    });
    await until(() => text === 'first');
    expect(server.received[0]).toMatch(/upgrade: websocket\r\nconnection: Upgrade\r\n\r\n$/);
    await pass(clock, 10_000);
    server.sockets[0]?.write('second');
    socket?.write('to the upstream');
    await until(() => text === 'firstsecond' && server.received[0]?.endsWith('to the upstream') === true);
    expect(one.outcome).toMatchObject({ status: 101, error: undefined, trailers: undefined, late: 0 });
    one.handle.abort(new Error('too late'));
    expect(upstreams.states()).toMatchObject([{ calls: 1 }]);
    socket?.destroy();
    await until(() => upstreams.states()[0]?.calls === 0, 'the place was free again');
  });

  it('loses no byte that comes before its taker listens', async () => {
    const server = await serve((socket) => {
      socket.once('data', () => {
        socket.write(switching);
        setImmediate(() => socket.write('later'));
      });
    });
    let socket: Duplex | undefined;
    let text = '';
    call(makeUpstreams(), apiOf(server.origin), {
      lines,
      onUpgrade(_head, given, rest) {
        socket = given;
        text += rest.toString();
      },
    });
    await until(() => socket !== undefined);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    socket?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket?.resume();
    await until(() => text === 'later');
    socket?.destroy();
  });

  it.each(['200 OK', '400 Bad Request', '426 Upgrade Required'])(
    'that is answered with %s is an ordinary answer',
    async (status) => {
      const server = await serve(answering(ok.replace('200 OK', status)));
      const upstreams = makeUpstreams();
      const one = call(upstreams, apiOf(server.origin), { lines, onUpgrade: () => {} });
      expect(await one.ended).toMatchObject({ status: Number(status.slice(0, 3)), body: 'hello', late: 0 });
      expect(upstreams.states()).toMatchObject([{ idle: 1 }]);
    },
  );

  it('is a fault from HTTP/1.0, and when it breaks off', async () => {
    const old = await serve(answering(switching.replace('HTTP/1.1', 'HTTP/1.0')));
    const gone = await serve((socket) => socket.on('data', () => socket.end(switching.slice(0, 40))));
    const kinds = [];
    for (const { origin } of [old, gone]) {
      kinds.push((await call(makeUpstreams(), apiOf(origin), { lines, onUpgrade: () => {} }).ended).error?.kind);
    }
    expect(kinds).toEqual(['protocol', 'closed']);
  });

  it('takes the place of an idle connection when the pool is full', async () => {
    const server = await serve((socket) => {
      socket.on('data', (chunk: Buffer) => socket.write(chunk.includes('upgrade') ? switching : ok));
    });
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin, { connectionsMax: 1 });
    await call(upstreams, api).ended;
    let socket: Duplex | undefined;
    call(upstreams, api, {
      lines,
      onUpgrade(_head, given) {
        socket = given;
      },
    });
    await until(() => socket !== undefined);
    expect(upstreams.states()).toMatchObject([{ calls: 1, idle: 0 }]);
    const waiting = call(upstreams, api);
    expect(upstreams.states()).toMatchObject([{ waiting: 1 }]);
    socket?.destroy();
    expect((await waiting.ended).status).toBe(200);
  });
});
