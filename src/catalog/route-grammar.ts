import { METHODS } from 'node:http';
import { isDotSegment } from './dot-segment.ts';

/**
 * `GET /forecast/:city`: a method or ANY, then a path of literal segments, `:param` (one segment, not empty) and at
 * the very end `*` (the rest, which may be empty). A path without a trailing slash never matches one with it.
 */
export type RoutePattern = { method: string; path: string; segments: Segment[] };

export type Segment = { kind: 'literal'; text: string } | { kind: 'param'; name: string } | { kind: 'rest' };

/** Paths that the gateway answers itself; nothing can be mounted at or under them. */
export const reservedMounts = ['/_callora', '/.well-known', '/healthz', '/readyz', '/metrics'];

/** HEAD follows GET, CONNECT opens tunnels and TRACE echoes credentials. */
const unroutable = new Set(['HEAD', 'CONNECT', 'TRACE']);

/** The pattern, or a text that says what is wrong. */
export function parsePattern(match: string): RoutePattern | string {
  const space = match.indexOf(' ');
  const method = match.slice(0, space);
  const path = match.slice(space + 1);
  if (space === -1 || !path.startsWith('/')) return 'is not a method, one space and a path';
  if (method === 'HEAD') return 'lists HEAD, which follows GET at the price of GET; list GET';
  if (method !== 'ANY' && (!METHODS.includes(method) || unroutable.has(method))) {
    return `names ${JSON.stringify(method)}, which is no method that is sold`;
  }
  const texts = path.slice(1).split('/');
  const segments: Segment[] = [];
  for (const [index, text] of texts.entries()) {
    const segment = parseSegment(text, index === texts.length - 1);
    if (typeof segment === 'string') return segment;
    segments.push(segment);
  }
  return { method, path, segments };
}

/** Two routes of an API collide when their shapes are equal: parameters count, what they are called does not. */
export function shapeOf({ method, segments }: RoutePattern): string {
  const texts = segments.map((segment) => {
    if (segment.kind === 'literal') return segment.text;
    return segment.kind === 'param' ? ':' : '*';
  });
  return `${method} /${texts.join('/')}`;
}

/** Undefined when fine, else what is wrong. `/` mounts an API at the root. */
export function mountFault(mount: string): string | undefined {
  if (!mount.startsWith('/')) return 'does not start with a slash';
  if (mount === '/') return undefined;
  if (mount.endsWith('/')) return 'ends in a slash';
  for (const text of mount.slice(1).split('/')) {
    const segment = parseSegment(text, false);
    if (typeof segment === 'string') return segment;
    if (segment.kind !== 'literal') return 'has a parameter, which only routes can have';
  }
  const reserved = reservedBy(mount);
  return reserved && `is under ${reserved}, which the gateway answers itself`;
}

/** The reserved name that covers this path. */
export function reservedBy(path: string): string | undefined {
  return reservedMounts.find((reserved) => path === reserved || path.startsWith(`${reserved}/`));
}

/** True when a literal holds `%2F`, which only paths of an API with `encoded_slash` do. */
export function needsEncodedSlash(pattern: RoutePattern): boolean {
  return pattern.segments.some((segment) => segment.kind === 'literal' && segment.text.includes('%2F'));
}

function parseSegment(text: string, last: boolean): Segment | string {
  if (text === '*') return last ? { kind: 'rest' } : 'has a * that is not the last segment';
  if (text.startsWith(':')) {
    const name = text.slice(1);
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? { kind: 'param', name } : `has a parameter without a name: ${text}`;
  }
  if (text === '' && !last) return 'has an empty segment';
  if (text.includes('*')) return 'has a * inside a segment';
  return literalFault(text) ?? { kind: 'literal', text };
}

/**
 * A literal is compared byte by byte with the one spelling under which the gateway knows the path of a call, whichever
 * of those that it takes the client wrote: a literal in any other could never match, and its price would silently never apply.
 */
function literalFault(text: string): string | undefined {
  if (/[^\x21-\x7e]/.test(text)) return `has characters other than visible ASCII; write ${encodeURIComponent(text)}`;
  if (!/^(?:[A-Za-z0-9\-._~!$&'()+,;=:@]|%[0-9A-F]{2})*$/.test(text)) {
    return `has a character that stands percent-encoded, in upper case, in a path: ${text}`;
  }
  if (/^(?:;|%3B|%20)/.test(text)) return 'has a segment that is nothing but parameters';
  if (/%25[0-9A-Fa-f]{2}/.test(text)) return 'has a double percent-encoding';
  // A slash inside a segment: each part of it has to be canonical on its own, as the gateway reads it.
  if (text.includes('%2F')) {
    const parts = text.split('%2F');
    if (parts.includes('')) return 'has an encoded slash at an end of a segment';
    return parts.map(literalFault).find((fault) => fault !== undefined);
  }
  return encodingFault(text);
}

function encodingFault(text: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    return 'has a percent-encoding that is not UTF-8';
  }
  for (const char of decoded) {
    if (char < ' ' || (char >= '\x7f' && char < '\xa0') || char === '\\')
      return 'has a control character or a backslash';
  }
  const needless = [...text.matchAll(/%[0-7][0-9A-F]/g)].find(([encoded]) => {
    return /[A-Za-z0-9\-._~]/.test(decodeURIComponent(encoded));
  });
  if (needless) return `writes ${needless[0]}, which needs no percent-encoding`;
  return isDotSegment(decoded) ? 'has a dot segment' : undefined;
}
