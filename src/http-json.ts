import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from './clock.ts';
import { type ErrorCode, type Problem, problem } from './errors.ts';

/**
 * The small JSON answers of the gateway itself: portal and operator API. Everything here is bounded in bytes and time;
 * forwarded calls never pass through this file.
 */
export type Headers = Record<string, string | string[]>;

export function sendJson(res: ServerResponse, status: number, body: unknown, headers: Headers = {}): void {
  sendText(res, status, 'application/json', `${JSON.stringify(body)}\n`, headers);
}

export function sendProblem(res: ServerResponse, body: Problem, headers: Headers = {}): void {
  sendText(res, body.status, 'application/problem+json', `${JSON.stringify(body)}\n`, headers);
}

export function sendError(res: ServerResponse, code: ErrorCode, detail?: string, headers: Headers = {}): void {
  sendProblem(res, problem(code, detail), headers);
}

export function sendText(
  res: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  headers: Headers = {},
): void {
  const all = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers };
  res.writeHead(status, { ...all, 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  res.end(text);
}

export type BodyBounds = { bytesMax: number; timeoutMs: number; clock: Clock };

export type ObjectBody = { ok: true; fields: Record<string, unknown> } | { ok: false; code: ErrorCode; detail: string };

/**
 * Reads a JSON object, or a form where one is taken; an empty body is an empty object. After a refusal the connection
 * must be closed (`connection: close`): the rest of the body is left unread.
 */
export async function readObject(req: IncomingMessage, bounds: BodyBounds & { form?: boolean }): Promise<ObjectBody> {
  const read = await readText(req, bounds);
  if (!read.ok) return read;
  if (read.text === '') return { ok: true, fields: {} };
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (bounds.form && type === 'application/x-www-form-urlencoded') return fromForm(read.text);
  if (type !== 'application/json') {
    return malformed(`send the body as application/json${bounds.form ? ' or application/x-www-form-urlencoded' : ''}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(read.text);
  } catch {
    return malformed('the body is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return malformed('the body must be a JSON object');
  }
  return { ok: true, fields: value as Record<string, unknown> };
}

/** A repeated field has two readings: refused. */
function fromForm(text: string): ObjectBody {
  const pairs = [...new URLSearchParams(text)];
  const fields = Object.fromEntries(pairs);
  if (Object.keys(fields).length !== pairs.length) return malformed('a form field stands there twice');
  return { ok: true, fields };
}

function malformed(detail: string): ObjectBody {
  return { ok: false, code: 'bad_request', detail };
}

type TextBody = { ok: true; text: string } | { ok: false; code: ErrorCode; detail: string };

function readText(req: IncomingMessage, { bytesMax, timeoutMs, clock }: BodyBounds): Promise<TextBody> {
  // The listener that sells takes a request that declares no body as read to its end: no event follows.
  if (req.readableEnded) return Promise.resolve({ ok: true, text: '' });
  return new Promise((resolve) => {
    const done = new AbortController();
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (result: TextBody) => {
      if (done.signal.aborted) return;
      done.abort();
      req.off('data', take);
      if (!result.ok) req.pause();
      resolve(result);
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        return finish({ ok: false, code: 'body_too_large', detail: `at most ${bytesMax} bytes are read` });
      }
      chunks.push(chunk);
    };
    req.on('data', take);
    req.once('end', () => finish({ ok: true, text: Buffer.concat(chunks).toString('utf8') }));
    req.once('close', () => finish({ ok: false, code: 'bad_request', detail: 'the body broke off' }));
    void clock.sleep(timeoutMs, done.signal).then(() => {
      finish({ ok: false, code: 'request_timeout', detail: `the body did not arrive within ${timeoutMs / 1000} s` });
    });
  });
}
