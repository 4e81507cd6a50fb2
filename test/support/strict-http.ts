/**
 * A second reader of HTTP/1.1, written from RFC 9112 alone and deliberately simple: it takes text that is complete or
 * not yet, and everything but the one canonical spelling is a fault. Tests count with it what really went over a wire.
 */
export type Field = { name: string; value: string };

export type StrictRequest = {
  method: string;
  target: string;
  fields: Field[];
  framing: 'none' | 'length' | 'chunked';
  body: string;
  trailers: Field[];
};

/** `rest` is where the next request would begin; `begun` the head of one whose body is not there yet. */
export type ReadRequests = { requests: StrictRequest[]; begun: string; fault: string | undefined; rest: string };

export type StrictAnswer = {
  status: number;
  minor: number;
  fields: Field[];
  body: string;
  trailers: Field[];
  /** False when the bytes end before the answer does. */
  complete: boolean;
};

export type ReadAnswers = { answers: StrictAnswer[]; informational: number[]; fault: string | undefined; rest: string };

class Fault extends Error {}

/** What is not there yet: no fault, only more bytes can tell. */
class Unfinished extends Error {}

const tokenChars = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const requestLine = new RegExp(`^(${tokenChars}) (/[\\x21-\\x7e]*) HTTP/1\\.1$`);
const statusLine = /^HTTP\/1\.([01]) ([1-5][0-9][0-9]) [\t\x20-\x7e\x80-\xff]*$/;
const fieldLine = new RegExp(`^(${tokenChars}):(?: ([\\x21-\\x7e\\x80-\\xff](?:[\\t\\x20-\\x7e\\x80-\\xff]*))?)?$`);

/** Reads what an upstream was sent on one connection. */
export function readRequests(bytes: string): ReadRequests {
  const requests: StrictRequest[] = [];
  let rest = bytes;
  let begun = '';
  try {
    while (rest !== '') {
      const head = takeHead(rest);
      begun = head.text;
      const [, method = '', target = ''] = requestLine.exec(head.first) ?? fail(`request line "${head.first}"`);
      const { framing, length } = framingOf(head.fields);
      if (valuesOf(head.fields, 'host').length !== 1) fail('not exactly one Host');
      const { body, trailers, after } = takeBody(head.after, framing, length);
      requests.push({ method, target, fields: head.fields, framing, body, trailers });
      rest = after;
      begun = '';
    }
    return { requests, begun, fault: undefined, rest };
  } catch (error) {
    if (error instanceof Unfinished) return { requests, begun, fault: undefined, rest };
    if (error instanceof Fault) return { requests, begun, fault: error.message, rest };
    throw error;
  }
}

/** Reads what a client was sent on one connection, given the methods it asked with and whether the connection ended. */
export function readAnswers(bytes: string, methods: string[], ended: boolean): ReadAnswers {
  const answers: StrictAnswer[] = [];
  const informational: number[] = [];
  let rest = bytes;
  try {
    while (rest !== '') {
      const head = takeHead(rest);
      const [, minor = '', code = ''] = statusLine.exec(head.first) ?? fail(`status line "${head.first}"`);
      const status = Number(code);
      if (status < 200) {
        informational.push(status);
        rest = head.after;
        continue;
      }
      const answer = { status, minor: Number(minor), fields: head.fields, body: '', trailers: [], complete: false };
      answers.push(answer);
      rest = takeAnswerBody(answer, head.after, methods[answers.length - 1] ?? 'GET', ended);
    }
    return { answers, informational, fault: undefined, rest };
  } catch (error) {
    if (error instanceof Unfinished) return { answers, informational, fault: undefined, rest };
    if (error instanceof Fault) return { answers, informational, fault: error.message, rest };
    throw error;
  }
}

function takeAnswerBody(answer: StrictAnswer, bytes: string, method: string, ended: boolean): string {
  const { framing, length } = framingOf(answer.fields);
  if (framing === 'chunked' && answer.minor === 0) fail('chunks in HTTP/1.0');
  if (method === 'HEAD' || answer.status === 204 || answer.status === 304) {
    if (answer.status === 204 && framing !== 'none') fail('a framing on 204');
    answer.complete = true;
    return bytes;
  }
  if (framing === 'none') {
    answer.body = bytes;
    answer.complete = ended;
    return '';
  }
  const { body, trailers, after } = takeBody(bytes, framing, length);
  Object.assign(answer, { body, trailers, complete: true });
  return after;
}

type Head = { text: string; first: string; fields: Field[]; after: string };

function takeHead(bytes: string): Head {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) {
    if (bytes.replaceAll('\r\n', '').includes('\n')) fail('a bare LF in a head');
    throw new Unfinished();
  }
  const [first = '', ...lines] = bytes.slice(0, end).split('\r\n');
  return { text: bytes.slice(0, end), first, fields: lines.map(readField), after: bytes.slice(end + 4) };
}

function readField(line: string): Field {
  const [, name = '', value = ''] = fieldLine.exec(line) ?? fail(`field "${line}"`);
  if (/[\t ]$/.test(value)) fail(`a space behind the value of ${name}`);
  return { name: name.toLowerCase(), value };
}

export function valuesOf(fields: Field[], name: string): string[] {
  return fields.filter((field) => field.name === name).map(({ value }) => value);
}

function framingOf(fields: Field[]): { framing: 'none' | 'length' | 'chunked'; length: number } {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length + codings.length > 1) fail('framed in two ways');
  const [length] = lengths;
  const [coding] = codings;
  if (coding !== undefined) {
    if (coding !== 'chunked') fail(`Transfer-Encoding "${coding}"`);
    return { framing: 'chunked', length: 0 };
  }
  if (length === undefined) return { framing: 'none', length: 0 };
  if (!/^(0|[1-9][0-9]{0,14})$/.test(length)) fail(`Content-Length "${length}"`);
  return { framing: 'length', length: Number(length) };
}

type Body = { body: string; trailers: Field[]; after: string };

function takeBody(bytes: string, framing: 'none' | 'length' | 'chunked', length: number): Body {
  if (framing === 'chunked') return takeChunks(bytes);
  if (bytes.length < length) throw new Unfinished();
  return { body: bytes.slice(0, length), trailers: [], after: bytes.slice(length) };
}

function takeChunks(bytes: string): Body {
  let rest = bytes;
  let body = '';
  for (;;) {
    const lineEnd = rest.indexOf('\r\n');
    if (lineEnd < 0) {
      if (rest.length > 16 || !/^[0-9a-f]*\r?$/i.test(rest)) fail(`chunk size "${rest.slice(0, 40)}"`);
      throw new Unfinished();
    }
    const line = rest.slice(0, lineEnd);
    if (!/^(0|[1-9a-f][0-9a-f]{0,11})$/i.test(line)) fail(`chunk size "${line}"`);
    const size = Number.parseInt(line, 16);
    rest = rest.slice(lineEnd + 2);
    if (size === 0) break;
    if (rest.length < size + 2) throw new Unfinished();
    if (rest.slice(size, size + 2) !== '\r\n') fail('no CRLF behind a chunk');
    body += rest.slice(0, size);
    rest = rest.slice(size + 2);
  }
  if (rest.startsWith('\r\n')) return { body, trailers: [], after: rest.slice(2) };
  const end = rest.indexOf('\r\n\r\n');
  if (end < 0) throw new Unfinished();
  return { body, trailers: rest.slice(0, end).split('\r\n').map(readField), after: rest.slice(end + 4) };
}

function fail(reason: string): never {
  throw new Fault(reason);
}
