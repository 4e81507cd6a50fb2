import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAnswers, type StrictAnswer } from '../support/strict-http.ts';
import { until } from '../support/until.ts';
import { makeConfig } from './make-config.ts';
import { type Rig, startRig, token } from './rig.ts';

/** What an upstream does wrong is an error or a broken answer, costs nothing, and never becomes another call's answer. */

type Ending = 'stays' | 'ends' | 'resets';
/** `late` comes behind the bytes, just when the next request has. */
type Script = { bytes: string; ending: Ending; late?: string };

let server: Server;
let rig: Rig;
/** What the upstream does with a request for a path; a path without a script is answered with its own name. */
const scripts = new Map<string, Script>();
const sockets = new Set<Socket>();
/** What is still to come on a connection, whatever is asked meanwhile. */
const late = new Map<Socket, string>();
let greeting = '';

function named(path: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${path.length}\r\n\r\n${path}`;
}

function play(socket: Socket, { bytes, ending, late: more }: Script): void {
  if (more !== undefined) late.set(socket, more);
  const end = () => {
    if (ending === 'ends') socket.end();
    // What was written is on its way before the reset overtakes it.
    if (ending === 'resets') setImmediate(() => socket.resetAndDestroy());
  };
  if (bytes === '') end();
  else socket.write(Buffer.from(bytes, 'latin1'), end);
}

beforeAll(async () => {
  // Without it a second write would wait for the first to be acknowledged, and come when the gateway has moved on.
  server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    if (greeting !== '') socket.write(greeting);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const path = text.split(' ')[1] ?? '';
      text = '';
      for (const [other, bytes] of late) other.write(bytes);
      late.clear();
      play(socket, scripts.get(path) ?? { bytes: named(path), ending: 'stays' });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const origin = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
  const upstream = { breaker: { failures: 1_000_000, openForMs: 1 } };
  rig = await startRig({
    config: makeConfig([
      { origin, price: '0.1', upstream, list: [{ match: 'GET /slow/*', price: '0.1', timeoutMs: 50 }] },
    ]),
    balance: '100000',
  });
});

afterAll(async () => {
  await rig.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

let nextPath = 1;

type Outcome = { answer: StrictAnswer | undefined; raw: string; cost: bigint };

/** One call that the upstream answers by a script, and what it has cost once it is over. */
async function call(script: Script, method = 'GET', version = '1.1', folder = ''): Promise<Outcome> {
  const path = `${folder}/${nextPath++}`;
  scripts.set(path, script);
  const before = rig.ledger.spendable(rig.account());
  const head = `${method} /api0${path} HTTP/${version}\r\nhost: a\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`;
  const raw = await rig.send(head);
  await until(() => rig.gateway.stats().running === 0, 'the call is over');
  const { answers, fault } = readAnswers(raw, [method], true);
  expect(fault).toBe(undefined);
  expect(answers.length).toBeLessThanOrEqual(1);
  return { answer: answers[0], raw, cost: before - rig.ledger.spendable(rig.account()) };
}

/** Whatever went before: the next call gets its own answer, and pays for it. */
async function expectNextClean(): Promise<void> {
  const path = `/clean-${nextPath++}`;
  const answer = await rig.get(`/api0${path}`);
  expect([answer.status, answer.body]).toEqual([200, path]);
}

function expectRefused({ answer, cost }: Outcome): void {
  expect([answer?.status, answer?.complete, cost]).toEqual([502, true, 0n]);
  expect(answer?.body).toContain('"code":"upstream_bad_answer"');
}

/** Refused while nothing has left, and broken and paid back once something has. */
function expectNotWhole(outcome: Outcome): void {
  if (outcome.answer?.status === 502) expectRefused(outcome);
  else expect([outcome.answer?.complete ?? false, outcome.cost]).toEqual([false, 0n]);
}

const ok = 'HTTP/1.1 200 OK\r\n';
const length = 'content-length: 5\r\n';

describe('an answer whose head no strict reader takes is 502 and free', () => {
  const lines = [
    ...['HTTP/2.0 200 OK', 'HTTP/1.2 200 OK', 'HTTP/0.9 200 OK', 'http/1.1 200 OK', 'HTTP/11 200 OK', 'ICY 200 OK'],
    ...[
      'HTTP/1.1  200 OK',
      'HTTP/1.1\t200 OK',
      ' HTTP/1.1 200 OK',
      '\r\nHTTP/1.1 200 OK',
      '\nHTTP/1.1 200 OK',
      'HTTP/1.1',
    ],
    ...[
      'HTTP/1.1 20 OK',
      'HTTP/1.1 2000 OK',
      'HTTP/1.1 600 OK',
      'HTTP/1.1 099 OK',
      'HTTP/1.1 000 OK',
      'HTTP/1.1 +20 OK',
    ],
    ...[
      'HTTP/1.1 200OK',
      'HTTP/1.1 2x0 OK',
      'HTTP/1.1 -200 OK',
      'HTTP/1.1 OK',
      'HTTP/1.1 200\tOK',
      'HTTP/1.1 20\xb2 OK',
    ],
    ...[
      'HTTP/1.1 200 O\0K',
      'HTTP/1.1 200 O\rK',
      'HTTP/1.1 200 O\x1bK',
      'HTTP/1.1 200 OK\r',
      'HTTP/1.1 200 OK\n',
      'HTTP/1.1 200 OK\x7f',
    ],
    ...['SSH-2.0-OpenSSH_9.9', '220 mail ESMTP', 'GET / HTTP/1.1', '<html>', '\x16\x03\x01\x02'],
  ];
  const fields = [
    ...['X-A : 1', 'X-A\t: 1', 'X-A', ': 1', ' X-A: 1', 'X-A: 1\r\n 2', 'X-A: 1\r\n\t2', 'X-A: 1\n2', 'X-A: 1\nX-B: 2'],
    ...[
      'X-A: 1\r2',
      'X-A: 1\r',
      'X-A: \0',
      'X-A: \x01',
      'X-A: \x0b',
      'X-A: \x7f',
      'X(A): 1',
      'X A: 1',
      'X-\xc4: 1',
      'X\0A: 1',
    ],
    ...['content-length : 5', 'content-length\0: 5', 'set-cookie: a\nlocation: /evil', 'content-length: 5\r\n 0'],
  ];
  const framings = [
    ...['content-length: 5\r\ncontent-length: 5', 'content-length: 5\r\ncontent-length: 6', 'content-length: 5, 5'],
    ...[
      'content-length: +5',
      'content-length: -5',
      'content-length: 0x5',
      'content-length: 5 5',
      'content-length: 5;',
      'content-length:',
    ],
    ...[
      'content-length: 5.0',
      `content-length: ${2n ** 64n + 5n}`,
      `content-length: ${2n ** 53n}`,
      'content-length: "5"',
      'content-length: five',
    ],
    ...['content-length: 5\r\ntransfer-encoding: chunked', 'transfer-encoding: chunked\r\ncontent-length: 5'],
    ...[
      'transfer-encoding: gzip, chunked',
      'transfer-encoding: identity',
      'transfer-encoding: chunked, chunked',
      'transfer-encoding:',
    ],
    ...[
      'transfer-encoding: chunked\r\ntransfer-encoding: chunked',
      'transfer-encoding: xchunked',
      'transfer-encoding: chunked;q=1',
    ],
    ...[
      'transfer-encoding: \x0bchunked',
      'transfer-encoding: "chunked"',
      'transfer-encoding: identity\r\ncontent-length: 5',
    ],
  ];
  const rows: [string, string][] = [
    ...lines.map((line): [string, string] => [line, `${line}\r\n${length}\r\nhello`]),
    ...fields.map((field): [string, string] => [field, `${ok}${field}\r\n${length}\r\nhello`]),
    ...framings.map((framing): [string, string] => [framing, `${ok}${framing}\r\n\r\nhello`]),
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
    ['LF for every line end', 'HTTP/1.1 200 OK\ncontent-length: 5\n\nhello'],
    ['a head of a megabyte', `${ok}x-a: ${'a'.repeat(1_000_000)}\r\n${length}\r\nhello`],
    ['a head of ten thousand fields', `${ok}${'x-a: b\r\n'.repeat(10_000)}${length}\r\nhello`],
    ['a head without end', `${ok}x-a: ${'a'.repeat(1_000_000)}`],
    ['interim heads without end', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(1_000)],
    ['an interim head that is malformed', `HTTP/1.1 103 Hints\r\nlink : x\r\n\r\n${ok}${length}\r\nhello`],
    [
      'a protocol that nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    ],
  ];

  it.each(rows.map(([name, bytes]) => ({ name: JSON.stringify(name).slice(1, -1), bytes })))(
    '$name',
    async ({ bytes }) => {
      expectRefused(await call({ bytes, ending: 'stays' }));
      await expectNextClean();
    },
  );

  it('also when it is for HEAD, where no body would have shown it', async () => {
    for (const framing of framings) {
      const { answer, cost } = await call({ bytes: `${ok}${framing}\r\n\r\n`, ending: 'stays' }, 'HEAD');
      expect([framing, answer?.status, cost]).toEqual([framing, 502, 0n]);
    }
    await expectNextClean();
  });
});

describe('a body that breaks its framing is never passed on as whole, and paid back', () => {
  const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`;
  const bodies = [
    ...[
      'z\r\nhello\r\n0\r\n\r\n',
      '-5\r\nhello\r\n0\r\n\r\n',
      '+5\r\nhello\r\n0\r\n\r\n',
      '0x5\r\nhello\r\n0\r\n\r\n',
      '\r\nhello\r\n0\r\n\r\n',
    ],
    ...[
      ' 5\r\nhello\r\n0\r\n\r\n',
      '5 \r\nhello\r\n0\r\n\r\n',
      '5\nhello\n0\n\n',
      '5\r\nhello\n0\r\n\r\n',
      '5\nhello\r\n0\r\n\r\n',
      '5\rhello\r\n0\r\n\r\n',
    ],
    ...[
      '3\r\nhello\r\n0\r\n\r\n',
      '5\r\nhello0\r\n\r\n',
      '5\r\nhelloXX0\r\n\r\n',
      '5;\r\nhello\r\n0\r\n\r\n',
      '5;a\nb\r\nhello\r\n0\r\n\r\n',
    ],
    ...[
      `5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
      'ffffffffffffffff5\r\nhello\r\n0\r\n\r\n',
      '5\r\nhello\r\n0\n\r\n',
      '5\r\nhello\r\n0\r\n\n',
    ],
    ...[
      '5\r\nhello\r\n-0\r\n\r\n',
      '5\r\nhello\r\n0\r\nx-a : 1\r\n\r\n',
      '5\r\nhello\r\n0\r\nx-a\r\n\r\n',
      '5\r\nhello\r\n0\r\nx-a: \0\r\n\r\n',
    ],
    ...[
      '5\r\nhello\r\n0\r\n x: 1\r\n\r\n',
      `5\r\nhello\r\n0\r\n${'x-a: b\r\n'.repeat(5_000)}\r\n`,
      'HTTP/1.1 200 OK\r\n\r\n',
    ],
  ];

  it.each(bodies.map((body) => ({ name: JSON.stringify(body).slice(1, 60), body })))('$name', async ({ body }) => {
    // Alone in its packet and behind the head's: before and after the first byte has left.
    expectNotWhole(await call({ bytes: chunked + body, ending: 'stays' }));
    expectNotWhole(await call({ bytes: `${chunked}4\r\nbyte\r\n${body}`, ending: 'stays' }));
    await expectNextClean();
  });

  it('also when the client speaks HTTP/1.0, which has no sign for it but a reset', async () => {
    for (const body of bodies) {
      const path = `/${nextPath++}`;
      scripts.set(path, { bytes: `${chunked}4\r\nbyte\r\n${body}`, ending: 'stays' });
      const { raw, wasReset } = await untilEnd(
        `GET /api0${path} HTTP/1.0\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`,
      );
      expect([body, wasReset || raw.startsWith('HTTP/1.1 502 ')]).toEqual([body, true]);
      await until(() => rig.gateway.stats().running === 0);
    }
    await expectNextClean();
    expect(rig.journal.charges.length - rig.journal.refunds.length).toBe(
      rig.journal.finishes.filter(({ outcome }) => outcome === 'completed').length,
    );
  });
});

function untilEnd(request: string): Promise<{ raw: string; wasReset: boolean }> {
  return new Promise((resolve) => {
    let raw = '';
    let wasReset = false;
    const socket = connect(rig.port, '127.0.0.1', () => socket.write(request));
    socket.on('data', (chunk) => {
      raw += chunk.toString('latin1');
    });
    socket.on('error', () => {
      wasReset = true;
    });
    socket.on('close', () => resolve({ raw, wasReset }));
  });
}

describe('an upstream that breaks off at any byte', () => {
  const canned: [string, string, boolean][] = [
    ['in an answer of known length', `${ok}x-a: b\r\ncontent-length: 20\r\n\r\n01234567890123456789`, false],
    [
      'in an answer of chunks',
      `${ok}transfer-encoding: chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nx-sum: 1\r\n\r\n`,
      false,
    ],
    ['in an answer that ends with its connection', `${ok}content-type: a/b\r\n\r\nuntil the end`, true],
    ['between an interim and a final head', `HTTP/1.1 103 Hints\r\nlink: </a>\r\n\r\n${ok}${length}\r\nhello`, false],
  ];

  it.each(canned)('%s leaves no answer that looks whole', async (_name, bytes, endsWithConnection) => {
    const headEnd = bytes.indexOf('\r\n\r\n', bytes.indexOf('200 OK')) + 4;
    for (let offset = 0; offset < bytes.length; offset++) {
      for (const ending of ['ends', 'resets'] as const) {
        const outcome = await call({ bytes: bytes.slice(0, offset), ending });
        if (offset < headEnd) expectRefused(outcome);
        else if (endsWithConnection && ending === 'ends')
          expect([outcome.answer?.complete, outcome.cost]).toEqual([true, 1_000_000n]);
        else if (!endsWithConnection) expectNotWhole(outcome);
        // Only a reset tells that there was more; whatever the client is shown then, it does not pay for it.
        else expect(outcome.cost).toBe(0n);
      }
    }
    await expectNextClean();
    const { answer, cost } = await call({ bytes, ending: 'ends' });
    expect([answer?.status, answer?.complete, cost]).toEqual([200, true, 1_000_000n]);
  });

  it('does so too when it just says nothing more: the time-out breaks the answer', async () => {
    const outcome = await call({ bytes: '', ending: 'stays' }, 'GET', '1.1', '/slow');
    expect([outcome.answer?.status, outcome.cost]).toEqual([504, 0n]);
  });
});

/** Enough turns of the event loop for what is on its way, and far too few for any time-out. */
async function atOnce(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('bytes that no call has asked for', () => {
  it('behind an answer are not the answer to the next call', async () => {
    for (const extra of [named('/stolen'), 'x', '\r\n', 'HTTP/1.1 200 OK\r\n']) {
      const outcome = await call({ bytes: named('/first') + extra, ending: 'stays' });
      expect([outcome.answer?.body, outcome.cost]).toEqual(['/first', 1_000_000n]);
      await expectNextClean();
    }
  });

  it('behind answers without a body are not either', async () => {
    const body = named('/stolen');
    const rows: [string, string][] = [
      ['HEAD', `${ok}content-length: ${body.length}\r\n\r\n${body}`],
      ['GET', `HTTP/1.1 204 No Content\r\n\r\n${body}`],
      ['GET', `HTTP/1.1 204 No Content\r\ncontent-length: ${body.length}\r\n\r\n${body}`],
      ['GET', `HTTP/1.1 304 Not Modified\r\ncontent-length: ${body.length}\r\n\r\n${body}`],
      ['GET', `HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
      ['GET', `${ok}content-length: 0\r\n\r\n${body}`],
    ];
    for (const [method, bytes] of rows) {
      const { answer } = await call({ bytes, ending: 'stays' }, method);
      expect([bytes, answer?.body ?? '']).toEqual([bytes, answer?.status === 502 ? answer.body : '']);
      await expectNextClean();
    }
  });

  it('behind an answer without a body are not either when they come late', async () => {
    const body = named('/stolen');
    const rows: [string, string][] = [
      ['HEAD', `${ok}content-length: ${body.length}\r\n\r\n`],
      ['HEAD', `${ok}transfer-encoding: chunked\r\n\r\n`],
      ['HEAD', `${ok}\r\n`],
      ['HEAD', `HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n`],
      ['GET', `HTTP/1.1 204 No Content\r\ncontent-length: ${body.length}\r\n\r\n`],
      ['GET', `HTTP/1.1 304 Not Modified\r\ncontent-length: ${body.length}\r\n\r\n`],
      ['GET', `HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n`],
    ];
    for (const [method, bytes] of rows) {
      await call({ bytes, ending: 'stays', late: body }, method);
      await expectNextClean();
    }
  });

  it('while a connection is idle end it before it is used again', async () => {
    for (const extra of [named('/stolen'), 'x', '\r\n']) {
      await expectNextClean();
      for (const socket of sockets) socket.write(extra);
      await atOnce();
      expect(sockets.size).toBe(0);
      await expectNextClean();
    }
  });

  it('before any request end the connection with the call that it was made for', async () => {
    for (const socket of sockets) socket.destroy();
    await until(() => sockets.size === 0);
    greeting = '220 mail ESMTP\r\n';
    expectRefused(await call({ bytes: named('/mine'), ending: 'stays' }));
    greeting = named('/early');
    await call({ bytes: named('/late'), ending: 'stays' });
    greeting = '';
    await atOnce();
    expect(sockets.size).toBe(0);
    await expectNextClean();
  });
});

describe('what an upstream may do, if rarely', () => {
  it.each([
    ['a status line without a reason', `HTTP/1.1 200 \r\n${length}\r\nhello`],
    ['a status line that ends at once', `HTTP/1.1 200\r\n${length}\r\nhello`],
    ['a reason in latin1', `HTTP/1.1 200 Gr\xfcn\r\n${length}\r\nhello`],
    ['HTTP/1.0', `HTTP/1.0 200 OK\r\n${length}\r\nhello`],
    ['a length with blanks', `${ok}content-length: \t 5 \t\r\n\r\nhello`],
    ['interim heads', `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Hints\r\nlink: </a>\r\n\r\n${ok}${length}\r\nhello`],
    ['chunks with extensions', `${ok}transfer-encoding: Chunked\r\n\r\n3;a="b"\r\nhel\r\n2\r\nlo\r\n0;x\r\n\r\n`],
  ])('passes and is paid: %s', async (_name, bytes) => {
    const { answer, cost } = await call({ bytes, ending: 'stays' });
    expect([answer?.status, answer?.body, answer?.complete, cost]).toEqual([200, 'hello', true, 1_000_000n]);
    await expectNextClean();
  });
});
