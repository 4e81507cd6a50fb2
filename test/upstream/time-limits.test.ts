import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import type { BodySink } from '../../src/upstream/upstreams.ts';
import { answering, apiOf, call, makeUpstreams, ok, pass, serve, until } from './rig.ts';

const limits = { firstByteTimeoutMs: 1_000, idleTimeoutMs: 500, totalTimeoutMs: 0 };

describe('a call is given up', () => {
  it('when no head comes in time', async () => {
    const clock = fakeClock();
    const server = await serve(() => {});
    const one = call(makeUpstreams(clock), apiOf(server.origin), limits);
    await until(() => server.received[0] !== '' && server.received.length === 1);
    await pass(clock, 1_000);
    expect(one.outcome.error).toBeUndefined();
    await pass(clock, 200);
    expect(one.outcome.error?.kind).toBe('first_byte_timeout');
    await until(() => server.sockets[0]?.destroyed === true, 'the upstream was told');
  });

  it('when its head comes too slowly, and when only informational heads come', async () => {
    for (const start of ['HTTP/1.1 200 OK\r\na: ', 'HTTP/1.1 103 E\r\n\r\n']) {
      const clock = fakeClock();
      const server = await serve(answering(start));
      const one = call(makeUpstreams(clock), apiOf(server.origin), limits);
      await until(() => server.received[0] !== '' && server.received.length === 1);
      for (let i = 0; i < 12; i++) {
        server.sockets[0]?.write(start.startsWith('HTTP/1.1 2') ? 'x' : '');
        await pass(clock, 100);
      }
      expect(one.outcome.error?.kind).toBe('first_byte_timeout');
    }
  });

  it('when its answer pauses too long, and not while pieces come', async () => {
    const clock = fakeClock();
    const server = await serve(answering('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n'));
    const one = call(makeUpstreams(clock), apiOf(server.origin), limits);
    await until(() => one.outcome.status === 200);
    for (let i = 1; i <= 5; i++) {
      server.sockets[0]?.write('x');
      await until(() => one.outcome.body.length === i);
      await pass(clock, 400);
    }
    expect(one.outcome.error).toBeUndefined();
    await pass(clock, 300);
    expect(one.outcome.error?.kind).toBe('idle_timeout');
  });

  it('not for a pause of its own consumer', async () => {
    const clock = fakeClock();
    const server = await serve(answering(ok));
    const one = call(makeUpstreams(clock), apiOf(server.origin), { ...limits, onData: () => false });
    await one.ended;
    const long = await serve(answering('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'));
    const slow = call(makeUpstreams(clock), apiOf(long.origin), { ...limits, onData: () => false });
    await until(() => slow.outcome.body === 'hello');
    await pass(clock, 5_000);
    expect(slow.outcome.error).toBeUndefined();
    long.sockets[0]?.write('world');
    slow.handle.resume();
    expect(await slow.ended).toMatchObject({ body: 'helloworld', error: undefined });
  });

  it('when it takes longer than it may in all', async () => {
    const clock = fakeClock();
    const server = await serve(answering('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n'));
    const one = call(makeUpstreams(clock), apiOf(server.origin), { ...limits, totalTimeoutMs: 2_000 });
    await until(() => one.outcome.status === 200);
    for (let i = 1; i <= 22 && !one.outcome.error; i++) {
      server.sockets[0]?.write('x');
      await until(() => one.outcome.body.length >= i || one.outcome.error !== undefined);
      await pass(clock, 100);
    }
    expect(one.outcome.error?.kind).toBe('total_timeout');
  });

  it('when no connection becomes free in time', async () => {
    const clock = fakeClock();
    const server = await serve(() => {});
    const upstreams = makeUpstreams(clock);
    const api = apiOf(server.origin, { connectionsMax: 1 });
    call(upstreams, api, { firstByteTimeoutMs: 60_000 });
    const waiting = call(upstreams, api, limits);
    await pass(clock, 1_300);
    expect(waiting.outcome).toMatchObject({ error: { kind: 'queue_timeout' }, sent: 0 });
    expect(upstreams.states()).toMatchObject([{ waiting: 0 }]);
  });

  it('when its connection does not come about in time', async () => {
    const clock = fakeClock();
    // A TLS handshake that is never answered.
    const server = await serve(() => {});
    const api = apiOf(server.origin.replace('http:', 'https:'), { connectTimeoutMs: 500 });
    const one = call(makeUpstreams(clock), api, limits);
    await until(() => server.received[0] !== '' && server.received.length === 1);
    await pass(clock, 800);
    expect(one.outcome).toMatchObject({ error: { kind: 'connect_timeout' }, sent: 0 });
  });

  it('not while its own body is on its way', async () => {
    const clock = fakeClock();
    const server = await serve(() => {});
    let sink: BodySink | undefined;
    const body = {
      length: undefined,
      start: (given: BodySink) => {
        sink = given;
      },
      resume() {},
    };
    const one = call(makeUpstreams(clock), apiOf(server.origin), { ...limits, method: 'POST', body });
    await until(() => sink !== undefined);
    for (let i = 0; i < 8; i++) {
      sink?.data(Buffer.from('piece'));
      await pass(clock, 900);
    }
    expect(one.outcome.error).toBeUndefined();
    // A body that has stopped is no fault of the upstream.
    await pass(clock, 400);
    expect(one.outcome.error?.kind).toBe('slow_consumer');
  });
});

describe('a body that its consumer does not finish', () => {
  /** Ten calls whose bodies stop, and what comes of them and of the upstream. */
  async function stopping(answer: string, changes: { totalTimeoutMs?: number; sent?: (sink: BodySink) => void }) {
    const clock = fakeClock();
    const server = await serve(answering(answer));
    const upstreams = makeUpstreams(clock);
    const api = apiOf(server.origin, { breaker: { failures: 2, openForMs: 60_000 } });
    const { sent, ...more } = changes;
    const sinks: BodySink[] = [];
    const calls = Array.from({ length: 10 }, () => {
      const body = { length: undefined, start: (sink: BodySink) => void sinks.push(sink), resume() {} };
      return call(upstreams, api, { ...limits, ...more, method: 'POST', body });
    });
    await until(() => sinks.length === 10);
    for (const sink of sinks) sent?.(sink);
    if (answer !== '') await until(() => calls.every(({ outcome }) => outcome.status === 200));
    // Beyond the time of the gateway's own question.
    await pass(clock, 13_000);
    const [state] = upstreams.states();
    return { kinds: [...new Set(calls.map(({ outcome }) => outcome.error?.kind))], breaker: state?.breaker };
  }
  const begun = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello';
  const whole = (sink: BodySink) => sink.end([]);

  it('says nothing about the upstream, whichever limit ends the call', async () => {
    const slow = { kinds: ['slow_consumer'], breaker: 'closed' };
    expect(await stopping('', {})).toEqual(slow);
    expect(await stopping('', { totalTimeoutMs: 800 })).toEqual(slow);
    expect(await stopping(begun, {})).toEqual(slow);
    expect(await stopping(begun, { totalTimeoutMs: 300 })).toEqual(slow);
  });

  it('is another matter than an upstream that has all of it and does not answer', async () => {
    expect(await stopping('', { sent: whole })).toEqual({ kinds: ['first_byte_timeout'], breaker: 'open' });
    expect(await stopping(begun, { sent: whole })).toEqual({ kinds: ['idle_timeout'], breaker: 'closed' });
    const total = await stopping('', { sent: whole, totalTimeoutMs: 800 });
    expect(total).toEqual({ kinds: ['total_timeout'], breaker: 'open' });
  });

  /** A call whose answer has begun while its body is the test's to send. */
  async function answered() {
    const clock = fakeClock();
    const server = await serve(answering('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nhello'));
    const sinks: BodySink[] = [];
    const body = { length: undefined, start: (sink: BodySink) => void sinks.push(sink), resume() {} };
    const one = call(makeUpstreams(clock), apiOf(server.origin), { method: 'POST', body });
    await until(() => one.outcome.body === 'hello');
    return {
      clock,
      outcome: one.outcome,
      send: (bytes: number) => void sinks[0]?.data(Buffer.alloc(bytes)),
      async answer(bytes: number) {
        const has = one.outcome.body.length;
        server.sockets[0]?.write(Buffer.alloc(bytes));
        await until(() => one.outcome.body.length === has + bytes);
      },
      async hangsUp(how: 'end' | 'resetAndDestroy') {
        server.sockets[0]?.[how]();
        await until(() => one.outcome.error !== undefined);
        return one.outcome.error?.kind;
      },
    };
  }

  it.each(['end', 'resetAndDestroy'] as const)(
    'has made an upstream wait that hangs up within its answer: %s',
    async (how) => {
      const stopped = await answered();
      await pass(stopped.clock, 5_200);
      expect(await stopped.hangsUp(how)).toBe('slow_consumer');
      const dripping = await answered();
      for (let i = 0; i < 6; i++) {
        dripping.send(100);
        await pass(dripping.clock, 1_000);
      }
      expect(await dripping.hangsUp(how)).toBe('slow_consumer');
    },
  );

  it('has made it wait also when the next piece of the body finds it gone', async () => {
    const { clock, outcome, send, hangsUp } = await answered();
    await pass(clock, 5_200);
    void hangsUp('resetAndDestroy');
    await until(() => {
      send(1);
      clock.advance(100);
      return outcome.error !== undefined;
    });
    expect(outcome.error?.kind).toBe('slow_consumer');
  });

  it.each([
    ['comes all the time', 'idle_timeout', Array(25).fill(2_048)],
    ['hardly comes', 'slow_consumer', Array(25).fill(90)],
    ['has come in one piece and then stopped', 'slow_consumer', [100_000, ...Array(24).fill(0)]],
  ] as const)('is why the answer has paused for too long, or is not: it %s', async (_, kind, pieces) => {
    const { clock, outcome, send } = await answered();
    for (const bytes of pieces) {
      if (!outcome.error) send(bytes);
      await pass(clock, 1_000);
    }
    expect(outcome.error?.kind).toBe(kind);
  });

  it('has no part in it before five seconds, nor while body or answer move', async () => {
    const early = await answered();
    await pass(early.clock, 4_900);
    expect(await early.hangsUp('end')).toBe('closed');
    for (const what of ['send', 'answer'] as const) {
      const moving = await answered();
      for (let i = 0; i < 8; i++) {
        await moving[what](2_048);
        await pass(moving.clock, 1_000);
      }
      expect(await moving.hangsUp('end')).toBe('closed');
    }
  });
});
