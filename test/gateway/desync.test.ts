import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { readAnswers, type StrictRequest, valuesOf } from '../support/strict-http.ts';
import { until } from '../support/until.ts';
import {
  type Case,
  type Choice,
  compose,
  expectations,
  fieldLines,
  forged,
  hosts,
  priced,
  requestLines,
  upgrades,
} from './desync-cases.ts';
import { framings } from './desync-framings.ts';
import { limits, makeConfig } from './make-config.ts';
import { account, type Rig, startRig, token } from './rig.ts';

/** One request in, at most one canonical request out, over every way two readers could differ about a message. */

let upstream: RecordingUpstream;
let rig: Rig;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
  rig = await startRig({
    config: makeConfig([{ origin: upstream.origin, price: '0.1' }], {
      limits: { ...limits, headTimeoutMs: 60_000, bodyIdleTimeoutMs: 60_000 },
    }),
    balance: '100000',
  });
});

afterAll(async () => {
  await rig.close();
  await upstream.close();
});

/** Writes the pieces one by one, each in its own packet, and resolves with what came when the gateway ends it. */
function converse(pieces: string[], halfCloses = false): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ port: rig.port, host: '127.0.0.1', noDelay: true });
    const timer = setTimeout(() => reject(new Error(`the connection stays open: ${text.slice(0, 500)}`)), 5_000);
    const write = (index: number) => {
      const piece = pieces[index];
      if (socket.destroyed) return;
      if (piece === undefined) {
        if (halfCloses) socket.end();
        return;
      }
      socket.write(Buffer.from(piece, 'latin1'), () => setImmediate(() => setImmediate(write, index + 1)));
    };
    socket.on('connect', () => write(0));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

let nextId = 1;

type Observed = { raw: string; mine: StrictRequest[]; smuggled: StrictRequest[] };

/** Sends a case with a priced request behind it, whole or cut at the given places, and checks what must always hold. */
async function observe(id: string, { bytes, draft }: Case, cuts: number[]): Promise<Observed> {
  const text = bytes + priced(id, 'Connection: close\r\n');
  const places = [0, ...cuts.filter((cut) => cut > 0 && cut < text.length).sort((a, b) => a - b), text.length];
  const charges = rig.journal.charges.length;
  const seen = upstream.requests.length;
  const raw = await converse(
    places.slice(1).map((end, i) => text.slice(places[i], end)),
    draft.unfinished,
  );
  await until(() => rig.account().holds === 0, 'every hold ended');

  const requests = upstream.requests.slice(seen);
  expect(upstream.faults).toEqual([]);
  for (const request of requests) expectCanonical(request);
  const mine = requests.filter(({ target }) => target === `/c-${id}`);
  const smuggled = requests.filter(({ target }) => target === `/s-${id}`);
  expect(mine.length + smuggled.length).toBe(requests.length);
  expect([mine.length <= 1, smuggled.length <= 1]).toEqual([true, true]);

  // Each request that went out is one answer and one charge of its own.
  const methods = mine.length === 1 || raw.startsWith('HTTP/1.1 1') ? [draft.method, 'GET'] : [draft.method];
  const { answers } = readAnswers(raw, methods, true);
  const paid = answers.filter(({ status }) => status === 200);
  const callsOf = (list: { fields: { name: string; value: string }[] }[]) =>
    list.flatMap(({ fields }) => valuesOf(fields, 'callora-call')).sort();
  const charged = rig.journal.charges.slice(charges).map((row) => String(row.id));
  expect(callsOf(requests)).toEqual(charged.sort());
  expect(callsOf(paid)).toEqual(charged.sort());
  return { raw, mine, smuggled };
}

/** The head as this gateway writes it, beyond what any strict reader of HTTP asks. */
function expectCanonical({ fields, trailers }: StrictRequest): void {
  for (const { name, value } of [...fields, ...trailers]) {
    expect(value).not.toContain(forged);
    expect(name).not.toMatch(/^(content|transfer)_/);
  }
  for (const name of ['te', 'trailer', 'upgrade', 'keep-alive', 'http2-settings', 'expect', 'authorization']) {
    expect(valuesOf(fields, name)).toEqual([]);
  }
  for (const name of ['callora-account', 'callora-call', 'callora-price', 'x-forwarded-for', 'via']) {
    expect(valuesOf(fields, name).length).toBe(1);
  }
  expect(valuesOf(fields, 'callora-account')).toEqual([account]);
  for (const { name } of trailers) expect(name).toBe('x-check');
}

const refusal = /^(HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 (400|413|414|417|421|426|431|501|505) /;

function answersIn(raw: string): number {
  return raw.match(/HTTP\/1\.[01] [2-5]\d\d /g)?.length ?? 0;
}

function expectRefused({ raw, mine, smuggled }: Observed): void {
  expect(raw).toMatch(refusal);
  expect(answersIn(raw)).toBe(1);
  expect([mine, smuggled]).toEqual([[], []]);
}

/** Refused, if there was still a way to say so. */
function expectEnded({ raw, mine, smuggled }: Observed): void {
  expect(raw).not.toMatch(/HTTP\/1\.[01] [23]/);
  expect(answersIn(raw)).toBeLessThanOrEqual(1);
  expect([mine, smuggled]).toEqual([[], []]);
}

function expectOne({ raw, mine, smuggled }: Observed, { draft }: Case): void {
  expect(raw).toMatch(/^(HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.[01] 200 /);
  expect(mine.map(({ method, body }) => [method, body])).toEqual([[draft.method, draft.decoded]]);
  if (!draft.trailers) expect(mine[0]?.trailers).toEqual([]);
  if (draft.ends === 'maybe') return;
  expect(smuggled.length).toBe(draft.ends === 'yes' ? 0 : 1);
  expect(answersIn(raw)).toBe(draft.ends === 'yes' ? 1 : 2);
}

function expectVerdict(observed: Observed, tried: Case): void {
  switch (tried.verdict) {
    case 'one':
      expectOne(observed, tried);
      break;
    case 'refused':
      expectRefused(observed);
      break;
    case 'either':
      if (observed.mine.length === 0) expectEnded(observed);
      else expectOne(observed, tried);
      break;
    case 'denied':
      expect(observed.raw).toMatch(/^HTTP\/1\.1 (4\d\d|501) /);
      expect(observed.mine).toEqual([]);
      break;
    case 'broken':
      expectEnded(observed);
      break;
  }
}

type Try = { method: string; choices: Choice[] };

/** Numbers that look random and are the same in every run. */
function spread(seed: number, below: number): number {
  return Math.floor((Math.abs(Math.sin(seed * 12.9898) * 43_758.5453) % 1) * below);
}

async function check({ method, choices }: Try, cutsOf: (length: number, id: number) => number[]): Promise<void> {
  const id = nextId++;
  const tried = compose(String(id), method, choices);
  expectVerdict(await observe(String(id), tried, cutsOf(tried.bytes.length, id)), tried);
}

function nameOf({ method, choices }: Try): string {
  return compose('', method, choices).name;
}

const whole = () => [];
const cutAnywhere = (length: number, id: number) => [1, 2, 3].map((n) => spread(id * 7 + n, length));
const everyByte = (length: number) => Array.from({ length: Math.min(length, 700) }, (_, i) => i);

/** What stands inside bodies must never be read as a request, so it is one, complete and with a good token. */
const framingChoices = framings(priced('inside'));
const [bare, lengthBody] = framingChoices.filter(({ name }) => name === 'no body' || name === 'a length');
if (!bare || !lengthBody) throw new Error('no clean framing');

const groups: [string, Try[]][] = [
  ['a request line', cross(['GET', 'POST'], requestLines, [bare])],
  ['a Host field', cross(['GET', 'POST'], hosts, [lengthBody])],
  ['a field line', cross(['GET', 'DELETE'], fieldLines, [bare])],
  ['a field line before a body', cross(['POST'], fieldLines, [lengthBody])],
  ['a framing', cross(['POST', 'PUT', 'DELETE', 'OPTIONS', 'GET', 'HEAD', 'PATCH'], framingChoices, undefined)],
  ['an expectation', cross(['POST'], expectations, framingChoices.slice(0, 2))],
  ['an upgrade', cross(['GET', 'POST'], upgrades, [bare, lengthBody])],
];

function cross(methods: string[], first: Choice[], second: Choice[] | undefined): Try[] {
  return methods.flatMap((method) =>
    first.flatMap((choice) =>
      second === undefined
        ? [{ method, choices: [choice] }]
        : second.map((other) => ({ method, choices: [choice, other] })),
    ),
  );
}

describe.each(groups)('%s is read in one way or refused', (_group, tries) => {
  it.each(tries.map((tried) => ({ name: nameOf(tried), tried })))('whole and in pieces: $name', async ({ tried }) => {
    await check(tried, whole);
    await check(tried, cutAnywhere);
  });
});

describe('messages of any composition', () => {
  const dimension = (list: Choice[]) =>
    fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 3, arbitrary: fc.constantFrom(...list) });
  const clean = (list: Choice[]) => list.filter(({ verdict }) => verdict === 'one' || verdict === 'either');
  const message = (of: (list: Choice[]) => Choice[]) =>
    fc.record({
      method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'),
      choices: fc
        .tuple(
          dimension(of(requestLines)),
          dimension(of(hosts)),
          dimension(of(fieldLines)),
          dimension(of(framingChoices)),
          dimension(of(expectations)),
        )
        .map((list) => list.filter((choice) => choice !== undefined)),
    });

  it('whose parts are all allowed are one request each, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(message(clean), (tried) => check(tried, cutAnywhere)),
      { numRuns: 300 },
    );
  });

  it('with faults in several parts are refused, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        message((list) => list),
        (tried) => check(tried, cutAnywhere),
      ),
      { numRuns: 300 },
    );
  });

  it('are read the same byte by byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        message((list) => list),
        (tried) => check(tried, everyByte),
      ),
      { numRuns: 40 },
    );
  });
});

describe('a head past a bound', () => {
  const lines = ['Host: gateway.test', `Authorization: Bearer ${token}`];
  const send = (target: string, fields: string[]) =>
    rig.send([`GET ${target} HTTP/1.1`, ...lines, ...fields, '', ''].join('\r\n'));

  it('is refused with a status of its own, and never cut', async () => {
    expect(await send('/api0/a', [`X-A: ${'a'.repeat(20_000)}`])).toMatch(/^HTTP\/1.1 431 /);
    expect(await send('/api0/a', Array(200).fill('X-A: b'))).toMatch(
      /^HTTP\/1.1 431 Request Header Fields Too Large\r\n/,
    );
    expect(await send(`/api0/${'a'.repeat(9_000)}`, ['Connection: close'])).toMatch(/^HTTP\/1.1 414 /);
  });
});
