import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { limits, makeConfig } from '../gateway/make-config.ts';
import { type Rig, startRig, token } from '../gateway/rig.ts';
import { figure } from '../support/figure.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { readAnswers, type StrictRequest, valuesOf } from '../support/strict-http.ts';
import { until } from '../support/until.ts';

/** Clients and upstreams that do everything wrong at once, and in between calls that must come out right. */

const conversations = 6_000;
const atOnce = 40;

let upstream: RecordingUpstream;
let rig: Rig;
let seed = 20_261_127;

/** The same numbers in every run (a linear congruence: it has to be repeatable, not good). */
function random(below: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

function oneOf<T>(list: readonly T[]): T {
  return list[random(list.length)] as T;
}

/** What is asked for stands in the path, so that an answer can be told from the answer to any other call. */
function bodyFor(id: string): string {
  return `<${id}>`.repeat(1 + (Number(id) % 40) * (Number(id) % 7 === 0 ? 500 : 1));
}

function inChunks(text: string): string {
  const middle = text.length >> 1;
  const parts = [text.slice(0, middle), text.slice(middle)].filter((part) => part !== '');
  return `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;
}

type Deed = (id: string, socket: Socket) => string | undefined;

const deeds: Record<string, Deed> = {
  length: (id) => `HTTP/1.1 200 OK\r\ncontent-length: ${bodyFor(id).length}\r\n\r\n${bodyFor(id)}`,
  chunks: (id) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${inChunks(bodyFor(id))}`,
  hints: (id, socket) => `HTTP/1.1 103 Hints\r\nlink: </${id}>\r\n\r\n${deeds.length?.(id, socket)}`,
  closes: (id, socket) => void socket.end(`HTTP/1.1 200 OK\r\n\r\n${bodyFor(id)}`),
  says_close: (id, socket) =>
    void socket.end(
      `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${bodyFor(id).length}\r\n\r\n${bodyFor(id)}`,
    ),
  later: (id, socket) => void setTimeout(() => socket.write(deeds.length?.(id, socket) ?? ''), random(20)),
  in_pieces(id, socket) {
    const bytes = deeds.chunks?.(id, socket) ?? '';
    const cut = random(bytes.length);
    socket.write(bytes.slice(0, cut));
    setTimeout(() => socket.write(bytes.slice(cut)), random(10));
    return undefined;
  },
  nothing: () => 'HTTP/1.1 204 No Content\r\n\r\n',
  fails: () => 'HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\noops',
  missing: () => 'HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n',
  resets: (_id, socket) => void socket.resetAndDestroy(),
  breaks_off: (id, socket) =>
    void socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${bodyFor(id).length + 1}\r\n\r\n${bodyFor(id)}`),
  breaks_chunks: (id) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n${bodyFor(id)}\r\nZ\r\n`,
  says_more: (id, socket) => `${deeds.length?.(id, socket)}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen`,
  frames_twice: () => 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
};
const right = new Set(['length', 'chunks', 'hints', 'closes', 'says_close', 'later', 'in_pieces', 'says_more']);

beforeAll(async () => {
  upstream = await startRecordingUpstream(({ target }: StrictRequest, socket: Socket) => {
    const [, deed = '', id = ''] = target.split('/');
    return deeds[deed]?.(id, socket);
  });
  const api = {
    origin: upstream.origin,
    price: '0.001',
    upstream: { connectionsMax: 16, breaker: { failures: 1e9, openForMs: 1 } },
  };
  rig = await startRig({
    config: makeConfig([api], { limits: { ...limits, bodyIdleTimeoutMs: 1_000, headTimeoutMs: 1_000 } }),
    balance: '1000000',
  });
});

afterAll(async () => {
  await rig.close();
  await upstream.close();
});

type Asked = { method: string; deed: string; id: string; bytes: string };

let nextId = 1;

function request(deed: string): Asked {
  const id = String(nextId++);
  const method = oneOf(['GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD']);
  const head = `${method} /api0/${deed}/${id} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n`;
  const framing = method === 'POST' || method === 'PUT' ? random(3) : 0;
  // A body that looks like a call: whoever loses the count of bytes will take it for one.
  const body = `GET /api0/length/stolen HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`.repeat(
    1 + random(3),
  );
  if (framing === 1) return { method, deed, id, bytes: `${head}content-length: ${body.length}\r\n\r\n${body}` };
  if (framing === 2) return { method, deed, id, bytes: `${head}transfer-encoding: chunked\r\n\r\n${inChunks(body)}` };
  return { method, deed, id, bytes: `${head}\r\n` };
}

type Heard = { asked: Asked[]; raw: string; ended: boolean };

/** A few calls on one connection, pipelined or not, cut anywhere, perhaps left in the middle. */
function converse(): Promise<Heard> {
  const asked = Array.from({ length: 1 + random(4) }, () => request(oneOf(Object.keys(deeds))));
  const bytes = Buffer.from(
    asked.map((one) => one.bytes).join('') + oneOf(['', '', '', 'GET /api0/length/0 HTTP/9\r\n\r\n']),
    'latin1',
  );
  const leaves = random(3) === 0;
  const stop = leaves ? random(bytes.length + 1) : bytes.length;
  return new Promise((resolve) => {
    let raw = '';
    const socket = connect({ port: rig.port, host: '127.0.0.1', noDelay: true });
    const over = (ended: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ asked, raw, ended });
    };
    const timer = setTimeout(() => over(false), 1_500);
    socket.on('error', () => {}).on('close', () => over(true));
    socket.on('data', (chunk) => {
      raw += chunk.toString('latin1');
      if (random(50) === 0) {
        socket.pause();
        setTimeout(() => socket.resume(), random(20));
      }
      const { answers } = readAnswers(
        raw,
        asked.map(({ method }) => method),
        false,
      );
      if (!leaves && answers.length === asked.length && answers.every(({ complete }) => complete)) over(false);
    });
    let at = 0;
    const write = () => {
      if (socket.destroyed) return;
      const end = Math.min(stop, at + 1 + random(bytes.length));
      if (end > at) socket.write(bytes.subarray(at, end));
      at = end;
      if (at < stop) setImmediate(write);
      else if (leaves)
        setTimeout(
          () => oneOf([() => socket.destroy(), () => socket.resetAndDestroy(), () => socket.end()])(),
          random(15),
        );
    };
    socket.on('connect', write);
  });
}

it('no answer reaches another call, none is free, and nothing is left behind', async () => {
  let wholeAnswers = 0;
  const calls = new Map<string, string>();
  const judge = ({ asked, raw, ended }: Heard) => {
    const { answers, fault } = readAnswers(
      raw,
      asked.map(({ method }) => method),
      ended,
    );
    expect([fault, raw]).toEqual([undefined, raw]);
    for (const [i, answer] of answers.entries()) {
      const { method, deed, id } = asked[i] ?? { method: 'GET', deed: '', id: '' };
      if (answer.status !== 200 || !answer.complete || method === 'HEAD') continue;
      expect([deed, right.has(deed), answer.body]).toEqual([deed, true, bodyFor(id)]);
      const [call = ''] = valuesOf(answer.fields, 'callora-call');
      expect(calls.has(call)).toBe(false);
      calls.set(call, id);
      wholeAnswers++;
    }
  };
  let left = conversations;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) judge(await converse());
    }),
  );
  await until(() => rig.gateway.stats().running === 0, 'every call ended');
  await until(() => rig.gateway.stats().connections === 0, 'every connection ended');

  expect(upstream.faults).toEqual([]);
  const seen = upstream.requests.map(({ target }) => target);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.filter((target) => target.endsWith('stolen'))).toEqual([]);

  const { charges, finishes, refunds } = rig.journal;
  const refunded = new Set(refunds.map(({ chargeId }) => String(chargeId)));
  const charged = new Set(charges.map(({ id }) => String(id)));
  const free = [...calls.keys()].filter((call) => !charged.has(call) || refunded.has(call));
  expect(free).toEqual([]);
  expect(finishes.length).toBe(charges.length);
  const paid =
    charges.reduce((sum, row) => sum + row.priceUnits, 0n) - refunds.reduce((sum, row) => sum + row.amount, 0n);
  const account = rig.account();
  expect(account).toMatchObject({ held: 0n, holds: 0 });
  expect(account.charged - account.refunded).toBe(paid);
  expect(wholeAnswers).toBeGreaterThan(conversations / 4);
  figure(
    `${seen.length} requests upstream, ${charges.length} charges, ${refunds.length} refunds, ${wholeAnswers} whole answers`,
  );
});
