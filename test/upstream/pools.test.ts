import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { answering, apiOf, call, makeUpstreams, ok, pass, type RawServer, serve, turn, until } from './rig.ts';

/** A server whose answers wait until a test lets them go, one by one, in the order of the requests. */
async function holding(): Promise<RawServer & { release(answer?: string): void; held: string[] }> {
  const open: Socket[] = [];
  const held: string[] = [];
  const server = await serve((socket) => {
    socket.on('data', (chunk: Buffer) => {
      held.push(chunk.toString('latin1').split(' ')[1] ?? '');
      open.push(socket);
    });
  });
  return {
    ...server,
    held,
    release(answer = ok) {
      open.shift()?.write(answer);
    },
  };
}

/** The pool of an API that a reload has taken away, when nothing of it is left to end. */
async function droppedByReload() {
  const server = await holding();
  const clock = fakeClock();
  const upstreams = makeUpstreams(clock);
  const api = apiOf(server.origin);
  upstreams.reload([api]);
  upstreams.reload([]);
  await pass(clock, 1_000);
  return { server, clock, upstreams, api };
}

describe('a pool', () => {
  it('opens connections up to its limit, and further calls wait in the order they came', async () => {
    const server = await holding();
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin, { connectionsMax: 2 });
    const calls = ['/1', '/2', '/3', '/4', '/5'].map((target) => call(upstreams, api, { target }));
    await until(() => server.held.length === 2);
    expect(upstreams.states()).toMatchObject([{ calls: 2, idle: 0, waiting: 3 }]);
    for (let answered = 1; answered <= 5; answered++) {
      server.release();
      await until(() => server.held.length === Math.min(5, answered + 2));
    }
    expect((await Promise.all(calls.map((one) => one.ended))).map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(server.held.slice(2)).toEqual(['/3', '/4', '/5']);
    expect(server.sockets).toHaveLength(2);
    expect(upstreams.states()).toMatchObject([{ calls: 0, idle: 2, waiting: 0 }]);
  });

  it('refuses what would wait behind its limit, and never before send has returned', async () => {
    const server = await holding();
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin, { connectionsMax: 1, waitingMax: 1 });
    call(upstreams, api);
    const waiting = call(upstreams, api);
    const refused = call(upstreams, api);
    expect(refused.outcome.error).toBeUndefined();
    expect(await refused.ended).toMatchObject({ error: { kind: 'queue_full' }, sent: 0 });
    waiting.handle.abort(new Error('enough'));
    const next = call(upstreams, api);
    await turn();
    expect({ waited: waiting.outcome.error?.kind, next: next.outcome.error }).toEqual({
      waited: 'aborted',
      next: undefined,
    });
  });

  it('uses the connection that became idle last', async () => {
    const server = await holding();
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin);
    const calls = [call(upstreams, api, { target: '/1' }), call(upstreams, api, { target: '/2' })];
    await until(() => server.held.length === 2);
    const later = server.received.findIndex((text) => text.includes(` ${server.held[1]} `));
    server.release();
    await until(() => upstreams.states()[0]?.idle === 1);
    server.release();
    await Promise.all(calls.map((one) => one.ended));
    const third = call(upstreams, api, { target: '/3' });
    await until(() => server.held.length === 3);
    expect(server.received[later]).toContain('GET /3 ');
    server.release();
    await third.ended;
  });

  it('is not asked for by a call that has left in the turn it came', async () => {
    const server = await serve(answering(ok));
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin);
    const left = call(upstreams, api);
    left.handle.abort(new Error('the client left'));
    expect((await call(upstreams, api).ended).status).toBe(200);
    expect(left.outcome).toMatchObject({ sent: 0, error: { kind: 'aborted' } });
    expect(server.sockets).toHaveLength(1);
    expect(server.received).toHaveLength(1);
  });

  it('fails a call that cannot be sent alone: the others of its turn are served', async () => {
    const server = await serve(answering(ok));
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin);
    await call(upstreams, api).ended;
    const onSent = () => {
      throw new Error('a defect');
    };
    const broken = call(upstreams, api, { onSent });
    const other = call(upstreams, api);
    expect((await other.ended).status).toBe(200);
    expect((await broken.ended).error).toMatchObject({ kind: 'unroutable' });
  });

  it('gives a connection whose call has left to the next', async () => {
    const server = await serve(answering(ok));
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin);
    const left = call(upstreams, api);
    // It is being connected for then.
    await setImmediate();
    left.handle.abort(new Error('the client left'));
    await until(() => upstreams.states()[0]?.idle === 1);
    expect(left.outcome).toMatchObject({ sent: 0, error: { kind: 'aborted' } });
    expect((await call(upstreams, api).ended).status).toBe(200);
    expect(server.received).toHaveLength(1);
  });

  it('lets an idle connection go before its upstream does', async () => {
    const server = await serve(answering(ok.replace('\r\n\r\n', '\r\nkeep-alive: timeout=10\r\n\r\n')));
    const silent = await serve(answering(ok));
    const clock = fakeClock();
    const upstreams = makeUpstreams(clock);
    const apis = [apiOf(server.origin), apiOf(silent.origin)] as const;
    for (const api of apis) await call(upstreams, api).ended;
    const idle = () => upstreams.states().map((state) => state.idle);
    await pass(clock, 3_900);
    expect(idle()).toEqual([1, 1]);
    await pass(clock, 300);
    expect(idle()).toEqual([1, 0]);
    await pass(clock, 4_700);
    expect(idle()).toEqual([1, 0]);
    await pass(clock, 400);
    expect(idle()).toEqual([0, 0]);
  });

  it('lets a connection go that has lived long, so that its name is asked for again', async () => {
    const server = await serve(answering(ok));
    const clock = fakeClock();
    const upstreams = makeUpstreams(clock);
    const api = apiOf(server.origin);
    for (let minute = 0; minute < 12; minute++) {
      for (let second = 0; second < 60; second += 3) {
        await call(upstreams, api).ended;
        await pass(clock, 3_000);
      }
    }
    expect(server.sockets.length).toBe(3);
  });

  it('that a reload keeps stays the same; one that it drops finishes its calls and keeps nothing', async () => {
    const server = await holding();
    const upstreams = makeUpstreams(fakeClock());
    const api = apiOf(server.origin, { connectionsMax: 1 });
    const running = call(upstreams, api);
    const waiting = call(upstreams, api);
    await until(() => server.held.length === 1);
    upstreams.reload([{ ...api, upstream: { ...api.upstream } }]);
    expect(upstreams.states()).toMatchObject([{ calls: 1, waiting: 1 }]);
    upstreams.reload([]);
    expect(upstreams.states()).toEqual([]);
    server.release();
    expect((await running.ended).status).toBe(200);
    await until(() => server.held.length === 2);
    server.release();
    expect((await waiting.ended).status).toBe(200);
    await until(() => server.sockets.every((socket) => socket.destroyed), 'its connections ended');
  });

  it('that a reload has dropped holds a call that comes late to its time limits', async () => {
    const { server, clock, upstreams, api } = await droppedByReload();
    const late = call(upstreams, api, { firstByteTimeoutMs: 2_000 });
    await until(() => server.held.length === 1);
    await pass(clock, 1_900);
    expect(late.outcome.error).toBeUndefined();
    await pass(clock, 300);
    expect(late.outcome.error?.kind).toBe('first_byte_timeout');
    await until(() => server.sockets.every((socket) => socket.destroyed), 'its connection ended');
  });

  it('that a reload has dropped ends a call that comes late when the gateway stops', async () => {
    const { server, upstreams, api } = await droppedByReload();
    const late = call(upstreams, api);
    await until(() => server.held.length === 1);
    await upstreams.close();
    expect(late.outcome.error?.kind).toBe('aborted');
    await until(() => server.sockets.every((socket) => socket.destroyed), 'its connection ended');
  });

  it('ends its calls when the gateway stops, and takes no more', async () => {
    const server = await holding();
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin, { connectionsMax: 1 });
    const calls = [call(upstreams, api), call(upstreams, api)];
    await until(() => server.held.length === 1);
    await upstreams.close();
    for (const one of calls) expect((await one.ended).error?.kind).toBe('aborted');
    expect((await call(upstreams, api).ended).error?.kind).toBe('aborted');
    await until(() => server.sockets.every((socket) => socket.destroyed));
  });

  it('is not opened by a reload that comes when the gateway has stopped', async () => {
    const server = await holding();
    const upstreams = makeUpstreams();
    await upstreams.close();
    upstreams.reload([
      apiOf(server.origin, { health: { path: '/', intervalMs: 1, timeoutMs: 1, healthy: 1, unhealthy: 1 } }),
    ]);
    expect(upstreams.states()).toEqual([]);
  });

  it('opens no connection before a call needs one', async () => {
    const server = await serve(answering(ok));
    const upstreams = makeUpstreams();
    upstreams.reload([apiOf(server.origin)]);
    await turn();
    expect(server.sockets).toHaveLength(0);
  });
});

describe('several targets', () => {
  it('share the calls evenly, and each new call goes to the one with the fewest', async () => {
    const servers = [await holding(), await holding(), await holding()];
    const upstreams = makeUpstreams();
    const api = apiOf(servers.map(({ origin }) => origin));
    const calls = Array.from({ length: 9 }, () => call(upstreams, api));
    await until(() => servers.every((server) => server.held.length === 3));
    const [, second] = servers;
    second?.release();
    await until(() => upstreams.states()[1]?.calls === 2);
    calls.push(call(upstreams, api));
    await until(() => second?.held.length === 4);
    for (const server of servers) for (let i = 0; i < 4; i++) server.release();
    await Promise.all(calls.map((one) => one.ended));
  });

  it('are taken in turn while all are idle', async () => {
    const servers = [await serve(answering(ok)), await serve(answering(ok))];
    const upstreams = makeUpstreams();
    const api = apiOf(servers.map(({ origin }) => origin));
    for (let i = 0; i < 6; i++) await call(upstreams, api).ended;
    expect(servers.map(({ received }) => received.join('').split('GET').length - 1)).toEqual([3, 3]);
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('stand in for one that cannot be connected to, for %s', async (method) => {
    const dead = await serve(() => {});
    await new Promise((resolve) => dead.server.close(resolve));
    const server = await serve(answering(method === 'HEAD' ? ok.replace('hello', '') : ok));
    const upstreams = makeUpstreams();
    const api = apiOf([dead.origin, server.origin]);
    for (let i = 0; i < 4; i++)
      expect(await call(upstreams, api, { method }).ended).toMatchObject({ status: 200, sent: 1 });
  });

  it('are not tried for a call that might act', async () => {
    const dead = await serve(() => {});
    await new Promise((resolve) => dead.server.close(resolve));
    const server = await serve(answering(ok));
    const upstreams = makeUpstreams();
    const api = apiOf([dead.origin, server.origin]);
    const kinds: (string | undefined)[] = [];
    for (let i = 0; i < 2; i++) kinds.push((await call(upstreams, api, { method: 'DELETE' }).ended).error?.kind);
    expect(kinds.toSorted()).toEqual(['refused', undefined]);
  });

  it('are each tried once before a call fails', async () => {
    const dead = [await serve(() => {}), await serve(() => {})];
    for (const { server } of dead) await new Promise((resolve) => server.close(resolve));
    const { error, sent, late } = await call(makeUpstreams(), apiOf(dead.map(({ origin }) => origin))).ended;
    expect({ kind: error?.kind, sent, late }).toEqual({ kind: 'refused', sent: 0, late: 0 });
  });
});
