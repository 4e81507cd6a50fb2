import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import type { BodySink } from '../../src/upstream/upstreams.ts';
import { answering, apiOf, call, makeUpstreams, ok, pass, serve, until } from './rig.ts';

/** Consumers who keep connections of an upstream and hardly move: they have them as long as nobody else wants them. */

/** A body whose pieces the test hands over. */
function dripping() {
  const sinks: BodySink[] = [];
  const body = { length: 1_000_000, start: (sink: BodySink) => void sinks.push(sink), resume() {} };
  return { body, send: (bytes: number) => sinks[0]?.data(Buffer.alloc(bytes)), begun: () => sinks.length === 1 };
}

async function rig(connectionsMax = 1) {
  const clock = fakeClock();
  // Answers what has no body at once.
  const server = await serve(answering((request) => (request.startsWith('POST') ? '' : ok)));
  return { clock, server, upstreams: makeUpstreams(clock), api: apiOf(server.origin, { connectionsMax }) };
}

describe('a call whose body hardly comes', () => {
  it('gives its connection to one that waits in line', async () => {
    const { clock, upstreams, api } = await rig();
    const slow = dripping();
    const one = call(upstreams, api, { method: 'POST', body: slow.body });
    await until(slow.begun);
    const payer = call(upstreams, api);
    for (let i = 0; i < 24; i++) {
      slow.send(10);
      await pass(clock, 100);
    }
    expect(one.outcome.error?.kind).toBe('slow_consumer');
    expect(await payer.ended).toMatchObject({ status: 200, error: undefined });
    expect(upstreams.states()).toMatchObject([{ breaker: 'closed' }]);
  });

  it('keeps it as long as nobody waits', async () => {
    const { clock, upstreams, api } = await rig(2);
    const slow = dripping();
    const one = call(upstreams, api, { method: 'POST', body: slow.body });
    await until(slow.begun);
    const payer = call(upstreams, api);
    await pass(clock, 15_000);
    expect((await payer.ended).status).toBe(200);
    expect(one.outcome.error).toBeUndefined();
  });

  it('keeps it while more than a drip comes, and when the upstream is what is slow', async () => {
    const { clock, upstreams, api } = await rig();
    const steady = dripping();
    const one = call(upstreams, api, { method: 'POST', body: steady.body });
    await until(steady.begun);
    call(upstreams, api);
    for (let i = 0; i < 10; i++) {
      steady.send(2_048);
      await pass(clock, 1_000);
    }
    expect(one.outcome.error).toBeUndefined();

    const stuck = await rig();
    const whole = dripping();
    const other = call(stuck.upstreams, stuck.api, { method: 'POST', body: whole.body });
    await until(whole.begun);
    whole.send(1_000_000);
    call(stuck.upstreams, stuck.api);
    await pass(stuck.clock, 10_000);
    expect(other.outcome.error).toBeUndefined();
  });
});

describe('a call whose answer is not taken', () => {
  it('gives its connection to one that waits in line', async () => {
    const clock = fakeClock();
    const long = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello';
    const server = await serve(answering((request) => (request.includes(' /long ') ? long : ok)));
    const upstreams = makeUpstreams(clock);
    const api = apiOf(server.origin, { connectionsMax: 1 });
    const one = call(upstreams, api, { target: '/long', onData: () => false });
    await until(() => one.outcome.body === 'hello');
    const payer = call(upstreams, api);
    await pass(clock, 2_500);
    expect(one.outcome.error?.kind).toBe('slow_consumer');
    expect((await payer.ended).status).toBe(200);
  });
});

describe('WebSockets', () => {
  it('leave room for calls, which pass by those that wait', async () => {
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n';
    const server = await serve(answering((request) => (request.includes('upgrade: websocket') ? switching : ok)));
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin, { connectionsMax: 8 });
    let open = 0;
    const sockets = Array.from({ length: 10 }, () =>
      call(upstreams, api, {
        lines: 'upgrade: websocket\r\n',
        onUpgrade(_head, socket) {
          open++;
          socket.on('error', () => {});
        },
      }),
    );
    await until(() => open === 7);
    expect((await call(upstreams, api).ended).status).toBe(200);
    expect((await call(upstreams, api).ended).status).toBe(200);
    expect(open).toBe(7);
    expect(sockets.filter(({ outcome }) => outcome.status === 101)).toHaveLength(7);
    expect(upstreams.states()).toMatchObject([{ waiting: 3 }]);
  });
});
