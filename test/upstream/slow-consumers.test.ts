import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { UpstreamCall } from '../../src/gateway/forward.ts';
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

describe('a call whose body comes slowly for longer than its time', () => {
  const timeoutMs = 6_000;
  /** Two uploads at different paces that have all connections, and a call that comes when they have had this time. */
  async function crowded(payerAfterMs: number, timeouts: [number, number] = [timeoutMs, timeoutMs]) {
    const { clock, upstreams, api } = await rig(2);
    const slow = dripping();
    const slower = dripping();
    const both = [slow, slower].map(({ body }, i) =>
      call(upstreams, api, { method: 'POST', body, firstByteTimeoutMs: timeouts[i] ?? timeoutMs }),
    );
    await until(() => slow.begun() && slower.begun());
    async function go(ms: number) {
      for (let left = ms; left > 0; left -= 500) {
        slow.send(700);
        slower.send(600);
        await pass(clock, 500);
      }
    }
    await go(payerAfterMs);
    const payer = call(upstreams, api);
    return { go, payer, kinds: () => both.map(({ outcome }) => outcome.error?.kind), upstreams };
  }

  it('gives its connection to one that has waited for two seconds, the slowest first and no more than it takes', async () => {
    const { go, payer, kinds, upstreams } = await crowded(1_000);
    await go(4_500);
    expect([kinds(), payer.outcome.status]).toEqual([[undefined, undefined], undefined]);
    await go(1_000);
    expect(kinds()).toEqual([undefined, 'slow_consumer']);
    expect(await payer.ended).toMatchObject({ status: 200, error: undefined });
    await go(4_000);
    expect(kinds()).toEqual([undefined, 'slow_consumer']);
    expect(upstreams.states()).toMatchObject([{ breaker: 'closed' }]);
  });

  it('keeps it until somebody has waited for so long', async () => {
    const { go, payer, kinds } = await crowded(8_000);
    await go(1_500);
    expect([kinds(), payer.outcome.status]).toEqual([[undefined, undefined], undefined]);
    await go(1_000);
    expect(kinds()).toEqual([undefined, 'slow_consumer']);
    expect((await payer.ended).status).toBe(200);
  });

  it('keeps it as long as its own route gives it, however slow the others are', async () => {
    const { go, payer, kinds } = await crowded(1_000, [timeoutMs, 10 * timeoutMs]);
    await go(6_000);
    expect(kinds()).toEqual(['slow_consumer', undefined]);
    expect((await payer.ended).status).toBe(200);
  });
});

describe('a call at an upstream that gets none for now', () => {
  it.each([
    ['hardly comes', 10],
    ['comes slowly for longer than its time', 700],
  ])('is not ended for others, which would not get its connection: its body %s', async (_, bytes) => {
    const clock = fakeClock();
    const servers = [await serve(() => {}), await serve(() => {})];
    const upstreams = makeUpstreams(clock);
    const breaker = { failures: 1, openForMs: 60_000 };
    const origins = servers.map(({ origin }) => origin);
    const api = apiOf(origins, { connectionsMax: 2, breaker });
    const slow = dripping();
    const one = call(upstreams, api, { method: 'POST', body: slow.body, firstByteTimeoutMs: 1_000 });
    for (let i = 0; i < 3; i++) call(upstreams, api, { firstByteTimeoutMs: 60_000 });
    const requests = () => servers.flatMap(({ received }) => received.filter((text) => text !== ''));
    await until(() => slow.begun() && requests().length === 4);
    const server = servers.find(({ received }) => received.some((text) => text.startsWith('POST')));
    server?.sockets[server.received.findIndex((text) => text.startsWith('GET'))]?.resetAndDestroy();
    await until(() => server?.received.some((text) => text.startsWith('OPTIONS')) === true, 'the question');
    server?.sockets[server.received.findIndex((text) => text.startsWith('OPTIONS'))]?.resetAndDestroy();
    await until(() => upstreams.states().some(({ up }) => !up));
    call(upstreams, api, { firstByteTimeoutMs: 60_000 });
    for (let i = 0; i < 10; i++) {
      slow.send(bytes);
      await pass(clock, 500);
    }
    expect(upstreams.states().map(({ calls, waiting }) => [calls, waiting])).toContainEqual([1, 1]);
    expect(one.outcome.error).toBeUndefined();
  });
});

describe('a call on a connection that has served another', () => {
  /** Two requests one after the other on the only connection; the body of the first comes in steady pieces. */
  async function served(answer: string) {
    const clock = fakeClock();
    const server = await serve(() => {});
    const upstreams = makeUpstreams(clock);
    const api = apiOf(server.origin, { connectionsMax: 1 });
    const first = dripping();
    const one = call(upstreams, api, { method: 'POST', body: first.body });
    await until(first.begun);
    return { clock, server, upstreams, api, first, one, answer: () => server.sockets[0]?.write(answer) };
  }

  it('is not slow because of how the body before it came', async () => {
    const { clock, upstreams, api, first, one, answer } = await served(ok);
    for (let i = 0; i < 9; i++) {
      first.send(100_000);
      await pass(clock, 100);
    }
    first.send(100_000);
    answer();
    expect((await one.ended).status).toBe(200);
    const second = dripping();
    const two = call(upstreams, api, { method: 'POST', body: second.body });
    await until(second.begun);
    call(upstreams, api);
    for (let i = 0; i < 30; i++) {
      second.send(30_000);
      await pass(clock, 100);
    }
    expect(two.outcome.error).toBeUndefined();
  });

  it.each([
    [5_500, 0],
    [4_000, 4_000],
  ])('answers for no body that had stopped before it: %d ms, and then %d', async (firstMs, secondMs) => {
    const begun = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello';
    const { clock, server, upstreams, api, first, one, answer } = await served(begun);
    first.send(900_000);
    answer();
    await until(() => one.outcome.body === 'hello');
    await pass(clock, firstMs);
    first.send(100_000);
    server.sockets[0]?.write('world');
    expect((await one.ended).error).toBeUndefined();
    const second = dripping();
    const two = call(upstreams, api, { method: 'POST', body: second.body });
    await until(second.begun);
    answer();
    await until(() => two.outcome.body === 'hello');
    await pass(clock, secondMs);
    server.sockets[0]?.resetAndDestroy();
    expect((await two.ended).error?.kind).toBe('reset');
  });

  it('earns its pauses by what it takes itself', async () => {
    const clock = fakeClock();
    const answer = (bytes: number) => `HTTP/1.1 200 OK\r\ncontent-length: ${bytes + 1}\r\n\r\n${'x'.repeat(bytes)}`;
    const bytesOf = (request: string) => Number(/ \/(\d+) /.exec(request)?.[1]);
    const server = await serve(answering((request) => (request.includes(' /a ') ? ok : answer(bytesOf(request)))));
    const upstreams = makeUpstreams(clock);
    const api = apiOf(server.origin, { connectionsMax: 1 });
    const one = call(upstreams, api, { target: '/500000' });
    await until(() => one.outcome.body.length === 500_000);
    await pass(clock, 200);
    server.sockets[0]?.write('x');
    expect((await one.ended).error).toBeUndefined();
    let taken = 0;
    const onData = ({ length }: Buffer) => {
      taken += length;
      return taken < 65_536;
    };
    const two = call(upstreams, api, { target: '/65536', onData });
    await until(() => taken === 65_536);
    call(upstreams, api);
    await pass(clock, 4_000);
    expect(two.outcome.error).toBeUndefined();
    await pass(clock, 400);
    expect(two.outcome.error?.kind).toBe('slow_consumer');
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

  it.each([
    ['3 s for 48 KiB', 49_152, 3_000],
    ['10 s for a megabyte', 1_000_000, 10_000],
  ])('may wait longer the more of it has just been taken, in a burst: %s', async (_, bytes, ms) => {
    const clock = fakeClock();
    const long = `HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n${'x'.repeat(bytes)}`;
    const server = await serve(answering((request) => (request.includes(' /long ') ? long : ok)));
    const upstreams = makeUpstreams(clock);
    let taken = 0;
    const onData = ({ length }: Buffer) => {
      taken += length;
      return taken < bytes;
    };
    const api = apiOf(server.origin, { connectionsMax: 1 });
    const one = call(upstreams, api, { target: '/long', onData });
    await until(() => taken === bytes);
    const payer = call(upstreams, api);
    await pass(clock, ms);
    expect(one.outcome.error).toBeUndefined();
    await pass(clock, 400);
    expect(one.outcome.error?.kind).toBe('slow_consumer');
    expect((await payer.ended).status).toBe(200);
  });
});

it('an answer that the gateway itself holds back is no slow consumer’s, and is when that is over', async () => {
  const clock = fakeClock();
  const long = `HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n${'x'.repeat(100_000)}`;
  const server = await serve(answering((request) => (request.includes(' /long ') ? long : ok)));
  const upstreams = makeUpstreams(clock);
  const api = apiOf(server.origin, { connectionsMax: 1 });
  const times = { firstByteTimeoutMs: 60_000, idleTimeoutMs: 60_000, totalTimeoutMs: 0 };
  const request = { method: 'GET', target: '/long', lines: '', body: undefined, ...times };
  const held = new UpstreamCall(upstreams, { api, passesPaymentRequired: false }, request, () => {}, false);
  expect((await held.head).ok).toBe(true);
  const payer = call(upstreams, api);
  await pass(clock, 5_000);
  expect(held.failure).toBeUndefined();
  let broken: Error | undefined;
  held.attach({
    data: () => false,
    end() {},
    broken(error) {
      broken = error;
    },
  });
  await pass(clock, 1_500);
  expect(broken).toBeUndefined();
  await pass(clock, 1_000);
  expect(broken).toMatchObject({ kind: 'slow_consumer' });
  expect((await payer.ended).status).toBe(200);
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
  it('that wait for the end of others end no upload, which would not help them', async () => {
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n';
    const clock = fakeClock();
    const server = await serve(answering((request) => (request.includes('upgrade: websocket') ? switching : '')));
    const upstreams = makeUpstreams(clock);
    const api = apiOf(server.origin, { connectionsMax: 8 });
    let open = 0;
    const onUpgrade = (_head: unknown, socket: Duplex) => {
      open++;
      socket.on('error', () => {});
    };
    for (let i = 0; i < 7; i++) call(upstreams, api, { lines: 'upgrade: websocket\r\n', onUpgrade });
    await until(() => open === 7);
    const upload = dripping();
    const one = call(upstreams, api, { method: 'POST', body: upload.body, firstByteTimeoutMs: 1_000 });
    await until(upload.begun);
    const eighth = call(upstreams, api, { lines: 'upgrade: websocket\r\n', onUpgrade });
    for (let i = 0; i < 10; i++) {
      upload.send(600);
      await pass(clock, 500);
    }
    expect(upstreams.states()).toMatchObject([{ waiting: 1 }]);
    expect([one.outcome.error, eighth.outcome.status]).toEqual([undefined, undefined]);
  });
});
