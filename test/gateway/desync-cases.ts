import { token } from './rig.ts';

/**
 * Requests composed of one choice for each part of a message. Each choice says itself what RFC 9112 makes of it, so the
 * verdict on a case never comes from the gateway that is under test.
 */

/**
 * `one`: clearly allowed, so exactly one canonical request leaves for the upstream.
 * `refused`: not clearly allowed: an error, the end of the connection, and nothing for the upstream.
 * `either`: allowed but rare; a gateway may take it or refuse it, and must do one of the two cleanly.
 * `denied`: well framed but not sold: an error, and the connection may live on.
 * `broken`: the head is fine and the body is not: no complete request, no clean answer, the end of the connection.
 */
export type Verdict = 'one' | 'refused' | 'either' | 'denied' | 'broken';

/** A request under construction; every part is text in latin1. */
export type Draft = {
  method: string;
  target: string;
  /** The request line, when it is not `method target HTTP/version`. */
  line: string | undefined;
  version: string;
  host: string[];
  /** Field lines without their line ends. */
  fields: string[];
  framing: string[];
  lineEnd: string;
  body: string;
  /** What the upstream's body has to be. */
  decoded: string;
  /** Whether the client has asked for the end of the connection by this request. */
  ends: 'no' | 'yes' | 'maybe';
  /** Trailer fields that may arrive at the upstream. */
  trailers: boolean;
  /** Whether more of the body would be to come, so that only the client's end of the connection ends it. */
  unfinished: boolean;
};

export type Choice = { name: string; verdict: Verdict; apply(draft: Draft): void };

export type Case = { name: string; verdict: Verdict; draft: Draft; bytes: string };

/** Text that stands in some cases where only a wrong reading would pass it on. */
export const forged = 'forged-by-the-client';

export function compose(id: string, method: string, choices: Choice[]): Case {
  const draft: Draft = {
    method,
    target: `/api0/c-${id}`,
    line: undefined,
    version: '1.1',
    host: ['Host: gateway.test'],
    fields: [`Authorization: Bearer ${token}`],
    framing: [],
    lineEnd: '\r\n',
    body: '',
    decoded: '',
    ends: 'no',
    trailers: false,
    unfinished: false,
  };
  for (const choice of choices) choice.apply(draft);
  const name = [method, ...choices.map((choice) => choice.name)].join(', ');
  const verdicts = [...choices.map(({ verdict }) => verdict), together(draft)];
  return { name, verdict: worst(verdicts), draft, bytes: bytesOf(draft) };
}

/** What choices that are fine alone make of each other. */
function together({ method, version, framing }: Draft): Verdict {
  if (version === '1.0' && framing.some((text) => /^transfer-encoding/i.test(text))) return 'refused';
  // A body of GET and HEAD has no meaning, so a gateway may refuse it (RFC 9110, 9.3.1 and 9.3.2).
  return framing.length > 0 && (method === 'GET' || method === 'HEAD') ? 'either' : 'one';
}

function bytesOf(draft: Draft): string {
  const line = draft.line ?? `${draft.method} ${draft.target} HTTP/${draft.version}`;
  const lines = [line, ...draft.host, ...draft.fields, ...draft.framing];
  return lines.map((text) => text + draft.lineEnd).join('') + draft.lineEnd + draft.body;
}

/** A request that could be smuggled: complete, with a good token, and priced. */
export function priced(id: string, fields = ''): string {
  return `GET /api0/s-${id} HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: Bearer ${token}\r\n${fields}\r\n`;
}

const order: Verdict[] = ['one', 'either', 'denied', 'broken', 'refused'];

function worst(verdicts: Verdict[]): Verdict {
  const found = order.findLast((verdict) => verdicts.includes(verdict)) ?? 'one';
  // Nobody reads on behind a refusal when the rest cannot be told from the next request.
  return verdicts.includes('denied') && verdicts.includes('broken') ? 'refused' : found;
}

function choices<T>(verdict: Verdict, apply: (draft: Draft, value: T) => void, values: [name: string, T][]): Choice[] {
  return values.map(([name, value]) => ({ name, verdict, apply: (draft) => apply(draft, value) }));
}

function quoted(values: string[]): [string, string][] {
  return values.map((value) => [JSON.stringify(value), value]);
}

const line = (draft: Draft, text: string) => {
  draft.line = text.replace('{m}', () => draft.method).replace('{t}', () => draft.target);
};

export const requestLines: Choice[] = [
  ...choices('refused', line, [
    ['HTTP/0.9 without a version', '{m} {t}'],
    ['no target', '{m} HTTP/1.1'],
    ['an empty target', '{m}  HTTP/1.1'],
    ['no method', ' {t} HTTP/1.1'],
    ['a line of a version only', 'HTTP/1.1'],
    ['two spaces before the target', '{m}  {t} HTTP/1.1'],
    ['two spaces before the version', '{m} {t}  HTTP/1.1'],
    ['a tab before the target', '{m}\t{t} HTTP/1.1'],
    ['a tab before the version', '{m} {t}\tHTTP/1.1'],
    ['a vertical tab before the version', '{m} {t}\x0bHTTP/1.1'],
    ['a space before the method', ' {m} {t} HTTP/1.1'],
    ['a space behind the version', '{m} {t} HTTP/1.1 '],
    ['a tab behind the version', '{m} {t} HTTP/1.1\t'],
    ['a space inside the target', '{m} {t} x HTTP/1.1'],
    ['a carriage return inside the target', '{m} {t}\rx HTTP/1.1'],
    ['a line feed behind the version', '{m} {t} HTTP/1.1\n'],
    ['a second carriage return', '{m} {t} HTTP/1.1\r'],
    ['a line feed before the method', '\n{m} {t} HTTP/1.1'],
    ['a NUL before the method', '\0{m} {t} HTTP/1.1'],
    ['a method that is no token', '{m}(x) {t} HTTP/1.1'],
    ['a method with a colon', '{m}: {t} HTTP/1.1'],
    ['a method in quotes', '"{m}" {t} HTTP/1.1'],
    ['a method with a NUL', '{m}\0 {t} HTTP/1.1'],
    ['a method with an umlaut', '{m}\xc4 {t} HTTP/1.1'],
    ['an HTTP/2 preface', 'PRI * HTTP/2.0'],
    ['CONNECT', 'CONNECT gateway.test:80 HTTP/1.1'],
    ['CONNECT with a path', 'CONNECT {t} HTTP/1.1'],
    ['TRACE', 'TRACE {t} HTTP/1.1'],
    ['a target of authority form', '{m} gateway.test:80 HTTP/1.1'],
    ['a target that is no path', '{m} api0/a HTTP/1.1'],
    ['a target that is a query', '{m} ?{t} HTTP/1.1'],
    ['an absolute target of another scheme', '{m} ftp://gateway.test{t} HTTP/1.1'],
    ['an absolute target with a user', '{m} http://u@gateway.test{t} HTTP/1.1'],
    ['an absolute target of another host', '{m} http://other.test{t} HTTP/1.1'],
  ]),
  ...choices(
    'refused',
    (draft, version) => line(draft, `{m} {t} ${version}`),
    quoted([
      'HTTP/0.9',
      'HTTP/1',
      'HTTP/1.',
      'HTTP/1.2',
      'HTTP/1.9',
      'HTTP/1.11',
      'HTTP/1.01',
      'HTTP/01.1',
      'HTTP/2',
      'HTTP/2.0',
      'HTTP/3.0',
      'HTTP/1,1',
      'HTTP/+1.1',
      'HTTP/1.1x',
      'HTTP/1.1;x',
      'HTTP /1.1',
      'HTTP/ 1.1',
      'http/1.1',
      'Http/1.1',
      'HTTPS/1.1',
      'HTTP\\1.1',
      'HTTP1.1',
      'HTP/1.1',
      'ICY/1.1',
      'RTSP/1.0',
      'SIP/2.0',
    ]),
  ),
  ...choices('denied', line, [
    ['an asterisk', '{m} * HTTP/1.1'],
    ['a target with a NUL', '{m} {t}\0 HTTP/1.1'],
    ['a target with a control byte', '{m} {t}\x01 HTTP/1.1'],
    ['a target with DEL', '{m} {t}\x7f HTTP/1.1'],
    ['a target with a raw umlaut', '{m} {t}\xe4 HTTP/1.1'],
    ['a target with a fragment', '{m} {t}#x HTTP/1.1'],
    ['a target with a backslash', '{m} {t}\\x HTTP/1.1'],
    ['a target past its bound', `{m} {t}${'a'.repeat(9_000)} HTTP/1.1`],
  ]),
  ...choices('either', line, [
    ['one empty line before the request', '\r\n{m} {t} HTTP/1.1'],
    ['an absolute target', '{m} http://gateway.test{t} HTTP/1.1'],
    ['an absolute target in capitals', '{m} HTTP://GATEWAY.TEST{t} HTTP/1.1'],
  ]),
  {
    name: 'HTTP/1.0',
    verdict: 'one',
    apply: (draft) => Object.assign(draft, { version: '1.0', ends: 'yes' }),
  },
  {
    name: 'HTTP/1.0 kept alive',
    verdict: 'one',
    apply(draft) {
      Object.assign(draft, { version: '1.0', ends: 'maybe' });
      draft.fields.push('Connection: keep-alive');
    },
  },
  {
    name: 'HTTP/1.0 without Host',
    verdict: 'one',
    apply: (draft) => Object.assign(draft, { version: '1.0', ends: 'yes', host: [] }),
  },
];

const host = (draft: Draft, lines: string[]) => {
  draft.host = lines;
};

export const hosts: Choice[] = [
  {
    name: 'no Host',
    verdict: 'refused',
    apply(draft) {
      host(draft, []);
      // In HTTP/1.0 nothing is wrong with that.
      draft.version = '1.1';
    },
  },
  ...choices('refused', host, [
    ['the same Host twice', ['Host: gateway.test', 'Host: gateway.test']],
    ['two Hosts', ['Host: gateway.test', 'Host: other.test']],
    ['two Hosts of two spellings', ['host: gateway.test', 'HOST: other.test']],
    ['a Host with a space before the colon', ['Host : gateway.test']],
    ['a folded Host', ['Host: gateway.test', ' other.test']],
    ['a Host on its own fold', ['Host:', ' gateway.test']],
  ]),
  ...choices(
    'refused',
    (draft, value) => host(draft, [`Host: ${value}`]),
    quoted([
      '',
      'a@b',
      'user:pass@gateway.test',
      'gateway.test/x',
      'gateway.test?x',
      'gateway.test#x',
      'gate way.test',
      'gateway.test, other.test',
      'gateway.test\tother.test',
      'gateway.test:99999',
      'gateway.test:+80',
      'gateway.test:8o',
      'gateway.test:80:80',
      ':80',
      '[::1',
      '::1',
      '[::1]x',
      '[::1]]',
      '[zz]',
      'http://gateway.test',
      'gateway\\test',
      'gateway.test\0',
      'gateway.test\x7f',
      'g\xe4teway.test',
      '"gateway.test"',
      '<gateway.test>',
      `${'a'.repeat(300)}.test`,
    ]),
  ),
  ...choices(
    'either',
    (draft, value) => host(draft, [`Host: ${value}`]),
    quoted(['gateway.test:', 'g%61teway.test', "gate'way.test", 'gateway.test.']),
  ),
  ...choices(
    'one',
    (draft, value) => host(draft, [`Host:${value}`]),
    quoted([' GATEWAY.test:80', ' 127.0.0.1', ' [::1]:80', 'gateway.test', ' \t gateway.test \t ']),
  ),
];

const field = (draft: Draft, text: string) => {
  draft.fields.push(...text.split('|'));
};

export const fieldLines: Choice[] = [
  ...choices('refused', field, [
    ['a space before a colon', 'X-A : 1'],
    ['a tab before a colon', 'X-A\t: 1'],
    ['a fold by a space', 'X-A: 1| 2'],
    ['a fold by a tab', 'X-A: 1|\t2'],
    ['a fold that is empty', 'X-A: 1| '],
    ['a fold that hides a field', 'X-A: 1| Content-Length: 5'],
    ['an empty name', ': 1'],
    ['a space for a name', ' : 1'],
    ['a line without a colon', 'X-A'],
    ['a line without a colon, with spaces', 'GET /api0/x HTTP/1.1'],
    ['a line feed inside a value', 'X-A: 1\n2'],
    ['a line feed that begins a field', 'X-A: 1\nX-B: 2'],
    ['a line feed that begins a length', 'X-A: 1\nContent-Length: 5'],
    ['two line feeds inside a value', `X-A: 1\n\nGET /api0/${forged} HTTP/1.1`],
    ['a carriage return inside a value', 'X-A: 1\r2'],
    ['a carriage return that begins a field', 'X-A: 1\rTransfer-Encoding: chunked'],
    ['a carriage return behind a value', 'X-A: 1\r'],
    ['a carriage return before a colon', 'X-A\r: 1'],
    ['a carriage return for a value', 'X-A: \r'],
    ['a line of a carriage return', '\r'],
    ['a name with an umlaut', 'X-\xc4: 1'],
    ['a name with UTF-8', 'X-\xc3\xa4: 1'],
    ['a space inside a name', 'X A: 1'],
  ]),
  ...choices(
    'refused',
    (draft, char) => field(draft, `X${char}A: 1`),
    quoted([
      '\0',
      '\x01',
      '\x0b',
      '\x7f',
      '"',
      '(',
      ')',
      ',',
      '/',
      ';',
      '<',
      '=',
      '>',
      '?',
      '@',
      '[',
      '\\',
      ']',
      '{',
      '}',
    ]),
  ),
  ...choices(
    'refused',
    (draft, char) => field(draft, `X-A: 1${char}2`),
    quoted(['\0', '\x01', '\x07', '\x08', '\x0b', '\x0c', '\x0e', '\x1b', '\x1f', '\x7f']),
  ),
  ...choices('refused', field, [
    ['a field past the head’s bytes', `X-A: ${'a'.repeat(20_000)}`],
    ['fields past their number', Array.from({ length: 200 }, (_, i) => `X-${i}: 1`).join('|')],
    ['fields past the head’s bytes', Array.from({ length: 90 }, (_, i) => `X-${i}: ${'b'.repeat(400)}`).join('|')],
  ]),
  ...choices('one', field, [
    ['no space behind the colon', 'X-A:1'],
    ['spaces and tabs around a value', 'X-A: \t 1 \t '],
    ['a tab inside a value', 'X-A: 1\t2'],
    ['an empty value', 'X-A:'],
    ['a value of spaces', 'X-A:   '],
    ['a value in latin1', 'X-A: caf\xe9'],
    ['a value of colons', 'X-A: :::'],
    ['a name of odd token characters', "!#$%&'*+.^_`|~09: 1".replace('|', '')],
    ['a length with an underscore', 'Content_Length: 99'],
    ['a coding with an underscore', 'Transfer_Encoding: chunked'],
    ['a name like an object’s member', '__proto__: 1'],
    ['Connection naming the framing', 'Connection: content-length, transfer-encoding, host'],
    ['a Keep-Alive', 'Keep-Alive: timeout=99'],
    ['TE and Trailer', 'TE: trailers, gzip|Trailer: content-length'],
    ['HTTP2-Settings without an upgrade', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
    ['Connection naming an upgrade that is not there', 'Connection: upgrade'],
  ]),
  {
    name: 'Connection: close',
    verdict: 'one',
    apply(draft) {
      draft.fields.push('Connection: Close');
      draft.ends = 'yes';
    },
  },
  {
    name: 'LF for every line end',
    verdict: 'refused',
    apply: (draft) => Object.assign(draft, { lineEnd: '\n' }),
  },
  {
    name: 'CR for every line end',
    verdict: 'refused',
    apply: (draft) => Object.assign(draft, { lineEnd: '\r' }),
  },
  {
    name: 'two CRs for every line end',
    verdict: 'refused',
    apply: (draft) => Object.assign(draft, { lineEnd: '\r\r\n' }),
  },
];

export const expectations: Choice[] = [
  ...choices('one', field, [['100-continue', 'Expect: 100-continue']]),
  ...choices(
    'either',
    (draft, value) => field(draft, `Expect: ${value}`),
    quoted([
      '100-Continue',
      ' 100-continue ',
      '100-continue, 100-continue',
      '200-ok',
      '100-continue;x',
      '',
      '100',
      'x=y',
    ]),
  ),
  ...choices('either', field, [['Expect twice', 'Expect: 100-continue|Expect: 100-continue']]),
];

export const upgrades: Choice[] = choices('refused', field, [
  ['h2c', 'Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: AAMAAABkAAQAAP__'],
  ['an upgrade to what nobody knows', 'Connection: upgrade|Upgrade: other/1'],
  ['an upgrade to TLS', 'Connection: upgrade|Upgrade: TLS/1.0'],
  ['two upgrades', 'Connection: upgrade|Upgrade: h2c|Upgrade: websocket'],
  [
    'a WebSocket where none is sold',
    'Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  ],
]);
