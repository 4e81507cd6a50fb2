import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BodySink, OutgoingBody } from '../../src/upstream/upstreams.ts';
import { apiOf, type Call, call, makeUpstreams, serve, until } from './rig.ts';

/** What an upstream does with one request; `id` is the request's own, and stands in every answer to it. */
const behaviours = {
  length: (id: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${id.length}\r\n\r\n${id}`,
  chunks: (id: string) =>
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${id.length.toString(16)}\r\n${id}\r\n0\r\n\r\n`,
  close: (id: string) => `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${id.length}\r\n\r\n${id}`,
  hints: (id: string) => `HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: ${id.length}\r\n\r\n${id}`,
  more: (id: string) =>
    `HTTP/1.1 200 OK\r\ncontent-length: ${id.length}\r\n\r\n${id}HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong`,
  broken: (id: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${id.length + 5}\r\n\r\n${id}`,
  badChunk: (id: string) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n${id}\r\n0\r\n\r\n`,
  noHead: () => 'nothing of the kind\r\n\r\n',
  silence: () => '',
  hangUp: () => '',
  reset: () => '',
};
type Behaviour = keyof typeof behaviours;

const whole: Behaviour[] = ['length', 'chunks', 'close', 'hints', 'more'];

const planned = fc.record({
  behaviour: fc.constantFrom(...(Object.keys(behaviours) as Behaviour[])),
  method: fc.constantFrom('GET', 'POST', 'DELETE'),
  body: fc.constantFrom<'none' | 'length' | 'chunked' | 'endless'>('none', 'none', 'length', 'chunked', 'endless'),
  leaves: fc.constantFrom<'never' | 'at once' | 'at the head' | 'later'>(
    'never',
    'never',
    'never',
    'at once',
    'at the head',
    'later',
  ),
  pieces: fc.integer({ min: 1, max: 40 }),
});
type Plan = { behaviour: Behaviour; method: string; body: string; leaves: string; pieces: number };

function bodyOf(kind: string): OutgoingBody | undefined {
  if (kind === 'none') return undefined;
  const text = Buffer.from('some body');
  return {
    length: kind === 'length' ? text.length : kind === 'endless' ? 1_000 : undefined,
    start(sink: BodySink) {
      sink.data(text);
      if (kind !== 'endless') sink.end([]);
    },
    resume() {},
  };
}

function perform(socket: Socket, id: string, { behaviour, pieces }: Plan): void {
  const answer = behaviours[behaviour](id);
  for (let at = 0; at < answer.length; at += pieces) socket.write(answer.slice(at, at + pieces));
  if (behaviour === 'hangUp' || behaviour === 'broken') socket.end();
  if (behaviour === 'reset') socket.resetAndDestroy();
}

describe('whatever upstreams and clients do', () => {
  it('each call ends once, with its own answer or an error, and no request arrives twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(planned, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 4 }),
        async (plans, max) => {
          const seen = new Map<string, number>();
          const server = await serve((socket) => {
            let text = '';
            socket.on('data', (chunk: Buffer) => {
              text += chunk.toString('latin1');
              const match = /[A-Z]+ \/(\d+) HTTP\/1\.1\r\n/.exec(text);
              if (!match || !text.includes('\r\n\r\n')) return;
              text = text.slice(match.index + match[0].length);
              const [, id = ''] = match;
              seen.set(id, (seen.get(id) ?? 0) + 1);
              const plan = plans[Number(id) - 1_000];
              if (plan) perform(socket, id, plan);
            });
          });
          const upstreams = makeUpstreams();
          const api = apiOf(server.origin, { connectionsMax: max, breaker: { failures: 10_000, openForMs: 1 } });
          const reason = new Error('the client left');
          const calls = plans.map(({ method, body: kind, leaves }, at): Call => {
            const body = bodyOf(kind);
            const one: Call = call(upstreams, api, {
              method,
              target: `/${1_000 + at}`,
              body,
              ...(leaves === 'at the head' ? { onHead: () => one.handle.abort(reason) } : {}),
            });
            if (leaves === 'at once') one.handle.abort(reason);
            if (leaves === 'later') setImmediate(() => one.handle.abort(reason));
            return one;
          });
          // A silent upstream is left by its client once it has been asked.
          const settled = (one: Call) => one.outcome.trailers !== undefined || one.outcome.error !== undefined;
          await until(() => {
            calls.forEach((one, at) => {
              if (plans[at]?.behaviour === 'silence' && seen.has(`${1_000 + at}`)) one.handle.abort(reason);
            });
            return calls.every(settled);
          }, 'the end of all calls');

          calls.forEach(({ outcome }, at) => {
            const id = `${1_000 + at}`;
            const plan = plans[at];
            expect(outcome.late).toBe(0);
            expect(outcome.sent).toBeLessThanOrEqual(1);
            expect(id.startsWith(outcome.body)).toBe(true);
            if (outcome.trailers) {
              expect(outcome.body).toBe(id);
              expect(whole).toContain(plan?.behaviour);
            } else if (plan?.leaves === 'never' && whole.includes(plan.behaviour)) {
              expect(outcome.error).toBeUndefined();
            }
          });
          for (const [id, times] of seen) expect(`${id} ${times}`).toBe(`${id} 1`);
          await until(
            () => upstreams.states().every((state) => state.calls === 0 && state.waiting === 0),
            'free places',
          );
          await upstreams.close();
          for (const socket of server.sockets) socket.destroy();
          await new Promise((resolve) => server.server.close(resolve));
        },
      ),
      { numRuns: 60 },
    );
  });
});
