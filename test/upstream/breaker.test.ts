import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { type Breaker, type BreakerEvent, nextBreaker, quietBreaker } from '../../src/upstream/breaker.ts';
import { answering, apiOf, call, makeUpstreams, ok, pass, serve } from './rig.ts';

const rules = { failures: 3, openForMs: 1_000 };

describe('the breaker', () => {
  const closed: Breaker = { ...quietBreaker, failures: 2 };
  const open: Breaker = { state: 'open', failures: 0, openings: 1, openUntilMs: 1_000 };
  const due: Breaker = { ...open, openUntilMs: 500 };
  const halfOpen: Breaker = { ...open, state: 'half_open' };
  const again: Breaker = { state: 'open', failures: 0, openings: 2, openUntilMs: 500 + 2_000 };

  it.each<[string, Breaker, BreakerEvent, Breaker]>([
    ['closed', closed, 'success', quietBreaker],
    ['closed', quietBreaker, 'failure', { ...quietBreaker, failures: 1 }],
    ['closed, last', closed, 'failure', { ...open, openUntilMs: 500 + 1_000 }],
    ['closed', closed, 'undecided', closed],
    ['closed', closed, 'ask', closed],
    ['open', open, 'success', quietBreaker],
    ['open', open, 'failure', open],
    ['open', open, 'undecided', open],
    ['open', open, 'ask', open],
    ['open, due', due, 'ask', { ...due, state: 'half_open', openUntilMs: 500 + 1_000 }],
    ['half-open', halfOpen, 'success', quietBreaker],
    ['half-open', halfOpen, 'failure', again],
    ['half-open', halfOpen, 'undecided', { ...open, openUntilMs: 500 }],
    ['half-open', halfOpen, 'ask', halfOpen],
    ['half-open, due', { ...halfOpen, openUntilMs: 500 }, 'ask', { ...halfOpen, openUntilMs: 500 + 1_000 }],
  ])('%s: %o and %s', (_, before, event, behind) => {
    expect(nextBreaker(before, event, 500, rules)).toEqual(behind);
  });

  it('stays open twice as long after each trial that fails, eight times at most', () => {
    let breaker = closed;
    let nowMs = 0;
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      breaker = nextBreaker(breaker, 'failure', nowMs, rules);
      waits.push(breaker.openUntilMs - nowMs);
      nowMs = breaker.openUntilMs;
      breaker = nextBreaker(breaker, 'ask', nowMs, rules);
      expect(breaker.state).toBe('half_open');
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  });
});

describe('an upstream whose calls fail', () => {
  /** Closes each connection on its request until it is `well`. */
  async function ailing() {
    const state = { well: false, heads: 0 };
    const server = await serve((socket, index) => {
      if (state.well) answering(ok)(socket, index);
      else
        socket.on('data', () => {
          state.heads++;
          socket.destroy();
        });
    });
    return { server, state };
  }

  it('gets no calls for a while, then one, and all again when it answers', async () => {
    const clock = fakeClock();
    const { server, state } = await ailing();
    const upstreams = makeUpstreams(clock);
    const api = apiOf(server.origin, { breaker: rules });
    for (let i = 0; i < 3; i++) expect((await call(upstreams, api).ended).error?.kind).toMatch(/closed|reset/);
    expect(upstreams.states()).toMatchObject([{ up: false, breaker: 'open' }]);
    expect(await call(upstreams, api).ended).toMatchObject({ sent: 0, error: { kind: 'breaker_open' } });
    expect(state.heads).toBe(3);

    await pass(clock, 1_000);
    const trial = call(upstreams, api);
    const beside = call(upstreams, api);
    expect((await beside.ended).error?.kind).toBe('breaker_open');
    expect((await trial.ended).error?.kind).toMatch(/closed|reset/);
    await pass(clock, 1_900);
    expect((await call(upstreams, api).ended).error?.kind).toBe('breaker_open');

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
    for (let i = 0; i < 6; i++) expect((await call(upstreams, api).ended).status).toBe(200);
  });

  it('is tried by the next call when a trial was given up', async () => {
    const clock = fakeClock();
    const { server, state } = await ailing();
    const upstreams = makeUpstreams(clock);
    const api = apiOf(server.origin, { breaker: rules });
    for (let i = 0; i < 3; i++) await call(upstreams, api).ended;
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
    const { server } = await ailing();
    const upstreams = makeUpstreams(fakeClock());
    const api = apiOf(server.origin, { connectionsMax: 1, breaker: rules });
    const calls = Array.from({ length: 8 }, () => call(upstreams, api));
    const kinds = (await Promise.all(calls.map((one) => one.ended))).map(({ error }) => error?.kind);
    expect(kinds.slice(3)).toEqual(Array(5).fill('breaker_open'));
  });
});
