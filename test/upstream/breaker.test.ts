import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type FakeClock, fakeClock } from '../../src/clock.ts';
import { type Breaker, type BreakerEvent, isDoubtful, nextBreaker, quietBreaker } from '../../src/upstream/breaker.ts';
import { ownQuestion } from '../../src/upstream/own-question.ts';
import type { Upstreams } from '../../src/upstream/upstreams.ts';
import { answering, apiOf, call, makeUpstreams, ok, pass, serve, turn, until } from './rig.ts';

const rules = { failures: 3, openForMs: 1_000 };

describe('the breaker', () => {
  const closed: Breaker = { ...quietBreaker, failures: 2 };
  const open: Breaker = { state: 'open', failures: 0, openings: 1, openUntilMs: 1_000 };
  const due: Breaker = { ...open, openUntilMs: 500 };
  const halfOpen: Breaker = { ...open, state: 'half_open' };
  const again: Breaker = { state: 'open', failures: 0, openings: 2, openUntilMs: 500 + 2_000 };

  const doubtful: Breaker = { ...quietBreaker, failures: 3 };

  it.each<[string, Breaker, BreakerEvent, Breaker]>([
    ['closed', closed, 'answer', quietBreaker],
    ['closed', quietBreaker, 'doubt', { ...quietBreaker, failures: 1 }],
    ['closed, last', closed, 'doubt', doubtful],
    ['closed', closed, 'silence', closed],
    ['closed', closed, 'undecided', closed],
    ['closed', closed, 'ask', closed],
    ['in doubt', doubtful, 'answer', quietBreaker],
    ['in doubt', doubtful, 'doubt', { ...doubtful, failures: 4 }],
    ['in doubt', doubtful, 'silence', { ...open, openUntilMs: 500 + 1_000 }],
    ['in doubt', doubtful, 'undecided', doubtful],
    ['in doubt', doubtful, 'ask', doubtful],
    ['open', open, 'answer', quietBreaker],
    ['open', open, 'doubt', open],
    ['open', open, 'silence', open],
    ['open', open, 'undecided', open],
    ['open', open, 'ask', open],
    ['open, due', due, 'ask', { ...due, state: 'half_open', openUntilMs: 500 + 1_000 }],
    ['half-open', halfOpen, 'answer', quietBreaker],
    ['half-open', halfOpen, 'doubt', halfOpen],
    ['half-open', halfOpen, 'silence', again],
    ['half-open', halfOpen, 'undecided', { ...open, openUntilMs: 500 }],
    ['half-open', halfOpen, 'ask', halfOpen],
    ['half-open, due', { ...halfOpen, openUntilMs: 500 }, 'ask', { ...halfOpen, openUntilMs: 500 + 1_000 }],
  ])('%s: %o and %s', (_, before, event, behind) => {
    expect(nextBreaker(before, event, 500, rules)).toEqual(behind);
  });

  it('has the gateway ask while closed in doubt, and beside each trial', () => {
    const asking = [closed, doubtful, open, halfOpen].map((breaker) => isDoubtful(breaker, rules));
    expect(asking).toEqual([false, true, false, true]);
  });

  it('stays open twice as long after each trial that fails, eight times at most', () => {
    let breaker = doubtful;
    let nowMs = 0;
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      breaker = nextBreaker(breaker, 'silence', nowMs, rules);
      waits.push(breaker.openUntilMs - nowMs);
      nowMs = breaker.openUntilMs;
      breaker = nextBreaker(breaker, 'ask', nowMs, rules);
      expect(breaker.state).toBe('half_open');
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  });
});

it('the gateway’s own question is for the path of the probes, or else for nothing that an upstream does', () => {
  const { upstream } = apiOf('http://a.example', { basePath: '/v1' });
  expect(ownQuestion(upstream)).toMatchObject({ method: 'OPTIONS', path: '/v1/' });
  const health = { path: '/healthz', intervalMs: 1_000, timeoutMs: 500, healthy: 2, unhealthy: 3 };
  expect(ownQuestion({ ...upstream, health })).toMatchObject({ method: 'GET', path: '/healthz' });
});

function breakerOf(upstreams: Upstreams) {
  return upstreams.states()[0]?.breaker;
}

describe('an upstream whose calls fail', () => {
  /** Closes each connection on its request until it is `well`. */
  async function ailing() {
    const state = { well: false, calls: 0 };
    const server = await serve((socket, index) => {
      if (state.well) answering(ok)(socket, index);
      else
        socket.on('data', (chunk: Buffer) => {
          if (chunk.toString('latin1').startsWith('GET')) state.calls++;
          socket.destroy();
        });
    });
    return { server, state };
  }

  /** Three calls fail, and the gateway has asked. */
  async function opened(clock: FakeClock, origins: string | string[]) {
    const upstreams = makeUpstreams(clock);
    const api = apiOf(origins, { breaker: rules });
    for (let i = 0; i < 3; i++) expect((await call(upstreams, api).ended).error?.kind).toMatch(/closed|reset/);
    await until(() => breakerOf(upstreams) === 'open', 'the breaker is open');
    return { upstreams, api };
  }

  it('gets no calls for a while, then one, and all again when it answers', async () => {
    const clock = fakeClock();
    const { server, state } = await ailing();
    const { upstreams, api } = await opened(clock, server.origin);
    expect(upstreams.states()).toMatchObject([{ up: false, breaker: 'open' }]);
    expect(await call(upstreams, api).ended).toMatchObject({ sent: 0, error: { kind: 'breaker_open' } });
    expect(state.calls).toBe(3);

    await pass(clock, 1_000);
    const trial = call(upstreams, api);
    const beside = call(upstreams, api);
    expect((await beside.ended).error?.kind).toBe('breaker_open');
    expect((await trial.ended).error?.kind).toMatch(/closed|reset/);
    await until(() => breakerOf(upstreams) === 'open', 'the breaker is open again');
    await pass(clock, 1_900);
    expect((await call(upstreams, api).ended).error?.kind).toBe('breaker_open');
    expect(state.calls).toBe(4);

    state.well = true;
    await pass(clock, 100);
    expect((await call(upstreams, api).ended).status).toBe(200);
    expect(upstreams.states()).toMatchObject([{ up: true, breaker: 'closed' }]);
    expect(
      (await Promise.all([call(upstreams, api).ended, call(upstreams, api).ended])).map((one) => one.status),
    ).toEqual([200, 200]);
  });

  it('leaves its calls to the others', async () => {
    const { server } = await ailing();
    const well = await serve(answering(ok));
    const upstreams = makeUpstreams(fakeClock());
    const api = apiOf([server.origin, well.origin], { breaker: rules });
    for (let i = 0; i < 6; i++) await call(upstreams, api).ended;
    await until(() => breakerOf(upstreams) === 'open', 'the breaker is open');
    for (let i = 0; i < 6; i++) expect((await call(upstreams, api).ended).status).toBe(200);
  });

  it('is tried by the next call when a trial was given up', async () => {
    const clock = fakeClock();
    const { server, state } = await ailing();
    const { upstreams, api } = await opened(clock, server.origin);
    await pass(clock, 1_000);
    const trial = call(upstreams, api);
    trial.handle.abort(new Error('the client left'));
    state.well = true;
    expect((await call(upstreams, api).ended).status).toBe(200);
  });

  it.each(['500', '502', '503', '504'])('but answers, with %s, keeps its calls', async (status) => {
    const server = await serve(answering(ok.replace('200', status)));
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin, { breaker: rules });
    for (let i = 0; i < 6; i++) expect((await call(upstreams, api).ended).status).toBe(Number(status));
  });

  it('refuses at once those that wait for it', async () => {
    // The fourth call is on its way, and the others wait for its connection, when the question meets with silence.
    let calls = 0;
    let question: Socket | undefined;
    const server = await serve((socket) => {
      socket.on('data', (chunk: Buffer) => {
        if (chunk.toString('latin1').startsWith('OPTIONS')) question = socket;
        else if (++calls <= 3) socket.destroy();
      });
    });
    const upstreams = makeUpstreams(fakeClock());
    const api = apiOf(server.origin, { connectionsMax: 1, breaker: rules });
    const sent = Array.from({ length: 8 }, () => call(upstreams, api));
    await until(() => calls === 4 && question !== undefined);
    question?.destroy();
    const kinds = (await Promise.all(sent.slice(4).map((one) => one.ended))).map(({ error }) => error?.kind);
    expect(kinds).toEqual(Array(4).fill('breaker_open'));
    expect(sent[3]?.outcome.error).toBeUndefined();
  });
});

describe('an upstream with a path that one caller can make fail', () => {
  /** Answers all but that path, of which it says this, or nothing when it is undefined; what it was asked beside calls. */
  async function withPath(said: string | undefined) {
    const state = { isWell: true, questions: [] as string[] };
    const server = await serve((socket) => {
      socket.on('data', (chunk: Buffer) => {
        const [method = '', path = ''] = chunk.toString('latin1').split(' ');
        if (method === 'OPTIONS') state.questions.push(path);
        if (!state.isWell) socket.destroy();
        else if (path !== '/v1/odd') socket.write(ok);
        else if (said === '') socket.destroy();
        else if (said !== undefined) socket.write(said);
      });
    });
    const clock = fakeClock();
    const upstreams = makeUpstreams(clock);
    const api = apiOf(server.origin, { basePath: '/v1', breaker: rules });
    return { state, server, clock, upstreams, api };
  }

  it.each<[string, string | undefined]>([
    ['first_byte_timeout', undefined],
    ['closed', ''],
    ['protocol', 'HTTP/1.1 200 OK\r\na b\r\n\r\n'],
    ['head_too_large', `HTTP/1.1 302 Found\r\nlocation: /${'x'.repeat(40_000)}\r\n\r\n`],
  ])('keeps the calls of all others: %s', async (kind, said) => {
    const { state, clock, upstreams, api } = await withPath(said);
    for (let round = 1; round <= 3; round++) {
      const odd = Array.from({ length: 5 }, () => call(upstreams, api, { target: '/odd', firstByteTimeoutMs: 1_000 }));
      if (said === undefined) await pass(clock, 1_200);
      for (const one of odd) expect((await one.ended).error?.kind).toBe(kind);
      expect((await call(upstreams, api).ended).status).toBe(200);
      await until(() => state.questions.length === round, 'the question');
      expect(breakerOf(upstreams)).toBe('closed');
    }
    expect(state.questions).toEqual(Array(3).fill('/v1/'));
  });

  it('is open to all again while that caller’s trial is not answered', async () => {
    const { state, clock, upstreams, api } = await withPath(undefined);
    state.isWell = false;
    for (let i = 0; i < 3; i++) await call(upstreams, api).ended;
    await until(() => breakerOf(upstreams) === 'open', 'the breaker is open');
    state.isWell = true;
    await pass(clock, 1_000);
    const trial = call(upstreams, api, { target: '/odd' });
    await until(() => trial.outcome.sent === 1, 'the trial is on its way');
    for (let turns = 0; turns < 1_000 && breakerOf(upstreams) !== 'closed'; turns++) await turn();
    expect(breakerOf(upstreams)).toBe('closed');
    expect((await call(upstreams, api).ended).status).toBe(200);
    expect(trial.outcome).toMatchObject({ sent: 1, error: undefined });
  });
});

describe('an upstream that answers nobody', () => {
  it('is found dead by the calls of a single caller', async () => {
    const clock = fakeClock();
    const server = await serve(() => {});
    const upstreams = makeUpstreams(clock);
    const api = apiOf(server.origin, { breaker: rules });
    const calls = Array.from({ length: 3 }, () => call(upstreams, api, { firstByteTimeoutMs: 1_000 }));
    await until(() => server.received.filter((text) => text !== '').length === 3);
    await pass(clock, 1_200);
    for (const one of calls) expect((await one.ended).error?.kind).toBe('first_byte_timeout');
    await until(() => server.received.some((text) => text.startsWith('OPTIONS / ')), 'the question');
    await pass(clock, 9_500);
    expect(breakerOf(upstreams)).toBe('closed');
    await pass(clock, 1_000);
    expect(breakerOf(upstreams)).toBe('open');
    expect((await call(upstreams, api).ended).error?.kind).toBe('breaker_open');
  });

  it('is asked nothing more when a reload drops it', async () => {
    const server = await serve(() => {});
    const upstreams = makeUpstreams(fakeClock());
    const api = apiOf(server.origin, { breaker: { failures: 1, openForMs: 1_000 } });
    const calls = [call(upstreams, api), call(upstreams, api)];
    await until(() => server.received.filter((text) => text !== '').length === 2);
    server.sockets[0]?.destroy();
    await until(() => server.received[2]?.startsWith('OPTIONS') === true, 'the question');
    upstreams.reload([]);
    await until(() => server.sockets[2]?.destroyed === true, 'the question is given up');
    server.sockets[1]?.destroy();
    for (const one of calls) expect((await one.ended).error?.kind).toMatch(/closed|reset/);
    await turn();
    expect(server.sockets).toHaveLength(3);
  });
});
