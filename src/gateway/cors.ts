import type { Head } from './head.ts';

/** What a browser may read of an answer; RFC 9110 hides every other field from scripts. */
const exposed =
  'callora-call, callora-price, callora-balance, retry-after, ratelimit, ratelimit-policy, www-authenticate, x-request-id, proxy-status';

/**
 * CORS fields for this origin, as flat pairs: empty for calls that come from no browser page. They stand on refusals
 * too, or a page could not tell a 402 from a broken network. Calls carry a token and never a cookie, so credentials are not allowed.
 */
export function corsFields(origins: '*' | string[], origin: string | undefined): string[] {
  if (origin === undefined) return [];
  if (origins === '*') return ['access-control-allow-origin', '*', 'access-control-expose-headers', exposed];
  if (!origins.includes(origin)) return ['vary', 'Origin'];
  return ['access-control-allow-origin', origin, 'vary', 'Origin', 'access-control-expose-headers', exposed];
}

/** An OPTIONS request is a preflight only when it carries both fields that browsers send with one. */
export function isPreflight(head: Head): boolean {
  return head.method === 'OPTIONS' && head.origin !== undefined && head.preflightMethod !== undefined;
}

/** The answer to a preflight asks for no token: browsers never send one with it. */
export function preflightFields(head: Head, cors: string[]): string[] {
  if (cors[0] !== 'access-control-allow-origin') return cors;
  return [
    ...cors,
    'access-control-allow-methods',
    isToken(head.preflightMethod) ? `GET, HEAD, POST, PUT, PATCH, DELETE, ${head.preflightMethod}` : 'GET, HEAD, POST',
    'access-control-allow-headers',
    isFieldList(head.preflightHeaders) ? head.preflightHeaders : 'authorization, content-type, idempotency-key',
    'access-control-max-age',
    '7200',
  ];
}

function isToken(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z-]{1,32}$/.test(text);
}

function isFieldList(text: string | undefined): text is string {
  return text !== undefined && text.length <= 1024 && /^[A-Za-z0-9-]+(?:[ \t]*,[ \t]*[A-Za-z0-9-]+)*$/.test(text);
}
