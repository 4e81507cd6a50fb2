import { describe, expect, it } from 'vitest';
import type { UpstreamHealth } from '../../src/catalog/model.ts';
import { fakeClock } from '../../src/clock.ts';
import { nextVerdict, trusted } from '../../src/upstream/probe-verdict.ts';
import { answering, apiOf, call, makeUpstreams, ok, pass, serve, turn, until } from './rig.ts';

const health: UpstreamHealth = { path: '/healthz', intervalMs: 1_000, timeoutMs: 500, healthy: 2, unhealthy: 3 };

describe('the verdict of probes', () => {
  it('changes with so many in a row that speak against it', () => {
    const seen: boolean[] = [];
    let verdict = trusted;
    for (const good of [false, false, true, false, false, false, true, false, true, true, false]) {
      verdict = nextVerdict(verdict, good, health);
      seen.push(verdict.healthy);
    }
    expect(seen).toEqual([true, true, true, true, true, false, false, false, false, true, true]);
  });
});

/** Upstreams whose probes get this answer; other calls get 200. */
async function probed(count: number) {
  const clock = fakeClock();
  const answers = Array.from({ length: count }, () => ok);
  const probes = answers.map(() => 0);
  const servers = await Promise.all(
    answers.map((_, at) =>
      serve(
        answering((request) => {
          if (!request.startsWith('GET /healthz ')) return ok;
          probes[at] = (probes[at] ?? 0) + 1;
          return answers[at] ?? '';
        }),
      ),
    ),
  );
  const upstreams = makeUpstreams(clock);
  const origins = servers.map(({ origin }) => origin);
  const api = apiOf(origins, { health, basePath: '/v1' });
  upstreams.reload([api]);
  /** Lets so many more probes of each upstream be answered. */
  const probe = async (times: number) => {
    for (let i = 0; i < times; i++) {
      const before = [...probes];
      await until(() => {
        clock.advance(100);
        return probes.every((count, at) => count > (before[at] ?? 0));
      }, 'a probe');
      for (let turns = 0; turns < 10; turns++) await turn();
    }
  };
  return { clock, servers, upstreams, api, answers, probe };
}

describe('an upstream with probes', () => {
  it('is asked from the start, without the prefix of its calls, and gets no calls when it fails', async () => {
    const { upstreams, api, answers, probe, servers } = await probed(1);
    await probe(1);
    expect(servers[0]?.received[0]).toMatch(/^GET \/healthz HTTP\/1.1\r\n/);
    expect(upstreams.states()).toMatchObject([{ up: true, healthy: true, calls: 0 }]);
    answers[0] = ok.replace('200 OK', '503 Busy');
    await probe(3);
    await until(() => upstreams.states()[0]?.healthy === false);
    expect(upstreams.states()).toMatchObject([{ trouble: '/healthz answers 503' }]);
    expect(await call(upstreams, api).ended).toMatchObject({ sent: 0, error: { kind: 'no_healthy_target' } });
    answers[0] = ok;
    await probe(2);
    await until(() => upstreams.states()[0]?.healthy === true);
    expect((await call(upstreams, api).ended).status).toBe(200);
  });

  it('leaves its calls to the others while it fails', async () => {
    const { upstreams, api, answers, probe, servers } = await probed(2);
    answers[1] = ok.replace('200 OK', '404 Not Found');
    await probe(3);
    await until(() => upstreams.states()[1]?.healthy === false);
    for (let i = 0; i < 6; i++) expect((await call(upstreams, api).ended).status).toBe(200);
    expect(servers[1]?.received.join('')).not.toContain('GET /v1/a');
  });

  it('is unhealthy when it does not answer in time', async () => {
    const { clock, upstreams, answers, servers } = await probed(1);
    answers[0] = '';
    await until(() => servers[0]?.received[0]?.includes('/healthz') === true);
    for (let i = 0; i < 100 && upstreams.states()[0]?.healthy; i++) {
      await pass(clock, 100);
      for (let turns = 0; turns < 10; turns++) await turn();
    }
    expect(upstreams.states()).toMatchObject([{ up: false, healthy: false }]);
  });

  it('is unhealthy when nobody is there, also while its pool is full', async () => {
    const { clock, upstreams, servers } = await probed(1);
    await new Promise((resolve) => {
      servers[0]?.server.close(resolve);
      for (const socket of servers[0]?.sockets ?? []) socket.destroy();
    });
    await until(() => {
      clock.advance(100);
      return upstreams.states()[0]?.healthy === false;
    }, 'the verdict');
  });

  it('is asked no more when a reload drops it', async () => {
    const { clock, upstreams, servers, probe } = await probed(1);
    await probe(1);
    upstreams.reload([]);
    const before = servers[0]?.sockets.length;
    await pass(clock, 5_000);
    expect(servers[0]?.sockets).toHaveLength(before ?? 0);
  });
});
