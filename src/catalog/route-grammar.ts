import { METHODS } from 'node:http';

/**
 * `GET /forecast/:city`: a method or ANY, then a path of literal segments, `:param` (one segment, not empty) and at
 * the very end `*` (the rest, which may be empty). A path without a trailing slash never matches one with it.
 */
export type RoutePattern = { method: string; segments: Segment[] };

export type Segment = { kind: 'literal'; text: string } | { kind: 'param'; name: string } | { kind: 'rest' };

export type PatternResult = { ok: true; pattern: RoutePattern } | { ok: false; message: string; expected: string };

/** Paths that the gateway answers itself; nothing can be mounted at or under them. */
export const reservedMounts = ['/_callora', '/.well-known', '/healthz', '/readyz', '/metrics'];

const expectedPath = 'a path in canonical form such as /forecast/:city';

/** HEAD follows GET, CONNECT opens tunnels and TRACE echoes credentials. */
const unroutable = new Set(['HEAD', 'CONNECT', 'TRACE']);

export function parsePattern(match: string): PatternResult {
  const space = match.indexOf(' ');
  const method = match.slice(0, space);
  const path = match.slice(space + 1);
  if (space === -1 || !path.startsWith('/')) {
    return { ok: false, message: 'is not a method and a path', expected: '"GET /forecast/:city" or "ANY /files/*"' };
  }
  if (method === 'HEAD') return { ok: false, message: 'lists HEAD, which always follows GET', expected: 'GET' };
  if (method !== 'ANY' && (!METHODS.includes(method) || unroutable.has(method))) {
    return {
      ok: false,
      message: `names the method ${JSON.stringify(method)}`,
      expected: 'a method such as GET, or ANY',
    };
  }
  const segments: Segment[] = [];
  const texts = path.slice(1).split('/');
  for (const [index, text] of texts.entries()) {
    const last = index === texts.length - 1;
    const segment = parseSegment(text, last);
    if (typeof segment === 'string') return { ok: false, message: segment, expected: expectedPath };
    segments.push(segment);
  }
  return { ok: true, pattern: { method, segments } };
}

/** Undefined when fine, else what is wrong. `/` mounts an API at the root. */
export function mountFault(mount: string): { message: string; expected: string } | undefined {
  const expected = 'a path such as /weather';
  if (!mount.startsWith('/')) return { message: 'does not start with a slash', expected };
  if (mount === '/') return undefined;
  if (mount.endsWith('/')) return { message: 'ends in a slash', expected };
  for (const text of mount.slice(1).split('/')) {
    const segment = parseSegment(text, false);
    if (typeof segment === 'string') return { message: segment, expected };
    if (segment.kind !== 'literal') return { message: 'has a parameter', expected };
  }
  const reserved = reservedBy(mount);
  return reserved ? { message: `is under ${reserved}, which the gateway answers itself`, expected } : undefined;
}

export function reservedBy(path: string): string | undefined {
  return reservedMounts.find((reserved) => path === reserved || path.startsWith(`${reserved}/`));
}

function parseSegment(text: string, last: boolean): Segment | string {
  if (text === '*') return last ? { kind: 'rest' } : 'has a * that is not the last segment';
  if (text.startsWith(':')) {
    const name = text.slice(1);
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? { kind: 'param', name } : `has a parameter without a name: ${text}`;
  }
  if (text === '' && !last) return 'has an empty segment';
  if (text === '.' || text === '..') return 'has a dot segment';
  if (text.includes('*')) return 'has a * inside a segment';
  const fault = literalFault(text);
  return fault ?? { kind: 'literal', text };
}

/**
 * A literal is compared byte by byte with the path of a call, which is refused unless it is canonical: so a literal in
 * any other spelling could never match, and its price would silently never apply.
 */
function literalFault(text: string): string | undefined {
  if (!/^(?:[A-Za-z0-9\-._~!$&'()+,=:@]|%[0-9A-F]{2})*$/.test(text)) {
    const encoded = /[^\x21-\x7e]/.test(text) ? `; write ${encodeURIComponent(text)}` : '';
    return `has a character that stands percent-encoded in a path: ${JSON.stringify(text)}${encoded}`;
  }
  for (const [encoded, hex] of text.matchAll(/%([0-9A-F]{2})/g)) {
    const char = String.fromCharCode(Number.parseInt(hex ?? '', 16));
    if (/[A-Za-z0-9\-._~]/.test(char)) return `writes ${char} as ${encoded}, which no canonical path does`;
    if (char < ' ' || char === '\x7f' || char === '\\') return `has ${encoded}, which no canonical path holds`;
  }
  return undefined;
}
