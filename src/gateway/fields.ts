import { isIdentity } from './identity-fields.ts';

/**
 * Field names as a proxy sees them. Everything is decided on the folded name: lower case, and `-` for all that is neither
 * letter nor digit. Many upstreams (CGI, WSGI, PHP) cannot tell `x_real_ip` from `x-real-ip`, and some make one variable
 * of `x.real.ip` too.
 */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'upgrade',
  'http2-settings',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
]);

/**
 * Fields the gateway sets or frames itself on the way up, or that are meant for it: a credential of its clients, whichever
 * way of paying it belongs to. `expect` is answered here.
 */
const ownUp = new Set([
  'host',
  'content-length',
  'authorization',
  'payment-authorization',
  'payment-signature',
  'x-payment',
  'expect',
  'x-request-id',
]);

/**
 * Fields of an answer that speak for the listener and all its paths, not for the upstream; and those by which a proxy of
 * the operator before us would be told to hand out a file or another answer.
 */
const ownDown = new Set([
  'content-length',
  'alt-svc',
  'clear-site-data',
  'strict-transport-security',
  'public-key-pins',
  'expect-ct',
  'nel',
  'report-to',
  'accept-ch',
  'origin-agent-cluster',
  'use-as-dictionary',
  'set-login',
  'service-worker-allowed',
  'x-accel-redirect',
  'x-reproxy-url',
  'x-sendfile',
  'x-lighttpd-send-file',
  'x-request-id',
  // Of the gateway's answers, it tells which was kept and cost nothing.
  'idempotent-replayed',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
  'access-control-allow-private-network',
]);

/**
 * Fields that mean something only in front of a body: who reads them behind it was not told when it had to know (RFC
 * 9110, section 6.5.1). An upstream or a client that merges trailers into the head would be told something else there.
 */
const neverTrailing = new Set([
  'trailer',
  'traceparent',
  'tracestate',
  'cache-control',
  'max-forwards',
  'pragma',
  'range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'content-encoding',
  'content-type',
  'content-range',
  'content-disposition',
  'content-location',
  'content-security-policy',
  'cookie',
  'set-cookie',
  'www-authenticate',
  'origin',
  'age',
  'expires',
  'date',
  'location',
  'refresh',
  'retry-after',
  'vary',
  'warning',
  'via',
  'surrogate-control',
  'cdn-cache-control',
]);

/** Cache fields that give way to `no-store`, besides all that end in `-cache-control`: CDNs have names of their own. */
const cacheFields = new Set([
  'cache-control',
  'expires',
  'pragma',
  'age',
  'surrogate-control',
  'edge-control',
  'x-accel-expires',
]);

/** What becomes of a field: `plain` passes as it is, `dropped` does not, the rest is looked at. */
export type FieldKind =
  | 'dropped'
  | 'plain'
  | 'trailer'
  | 'cookie'
  | 'traceparent'
  | 'tracestate'
  | 'content-length'
  | 'connection'
  | 'date'
  | 'location'
  | 'vary'
  | 'cache'
  | 'rate'
  | 'challenge'
  | 'proxy-status';

/** `name` is the folded one. */
export type Verdict = { readonly name: string; readonly kind: FieldKind };

export type FieldRules = {
  /** What becomes of a client's field on its way to the upstream. */
  up(rawName: string): Verdict;
  /** What becomes of an upstream's field on its way to the client. */
  down(rawName: string): Verdict;
  /** The same for fields behind a body, which pass or do not. */
  trailerUp(rawName: string): Verdict;
  trailerDown(rawName: string): Verdict;
};

/** Longer names are nobody's habit; they are judged afresh each time, so that the memory stays small. */
const rememberedCharsMax = 64;

/**
 * Verdicts are remembered by spelling, so that a usual name costs one look-up. The memory is bounded: hostile
 * spellings past it are judged afresh each time.
 */
export function createFieldRules(namesMax = 1000): FieldRules {
  return {
    up: remembered(judgeUp, namesMax),
    down: remembered(judgeDown, namesMax),
    trailerUp: remembered((name, rawName) => judgeTrailer(name, judgeUp(name, rawName)), namesMax),
    trailerDown: remembered((name) => judgeTrailer(name, judgeDown(name)), namesMax),
  };
}

function remembered(
  judge: (name: string, rawName: string) => FieldKind,
  namesMax: number,
): (rawName: string) => Verdict {
  const verdicts = new Map<string, Verdict>();
  return (rawName) => {
    const known = verdicts.get(rawName);
    if (known !== undefined) return known;
    const name = foldedName(rawName);
    const verdict = { name, kind: judge(name, rawName) };
    if (verdicts.size < namesMax && rawName.length <= rememberedCharsMax) verdicts.set(copied(rawName), verdict);
    return verdict;
  };
}

/** A text cut out of a head keeps the whole head in memory; its copy does not. */
function copied(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function judgeUp(name: string, rawName: string): FieldKind {
  if (isHopByHop(name) || ownUp.has(name) || isIdentity(name) || isOurs(name)) return 'dropped';
  // The gateway writes the key that goes up; another spelling of its name would stand beside it.
  if (name === 'idempotency-key' && rawName.toLowerCase() !== name) return 'dropped';
  switch (name) {
    case 'trailer':
    case 'cookie':
    case 'traceparent':
    case 'tracestate':
      return name;
    default:
      return 'plain';
  }
}

function judgeDown(name: string): FieldKind {
  if (name === 'content-length' || name === 'connection') return name;
  if (isHopByHop(name) || ownDown.has(name) || isOurs(name) || isPayment(name)) return 'dropped';
  if (cacheFields.has(name) || name.endsWith('-cache-control')) return 'cache';
  switch (name) {
    case 'date':
    case 'trailer':
    case 'location':
    case 'vary':
    case 'proxy-status':
      return name;
    case 'content-location':
      return 'location';
    case 'set-cookie':
      return 'cookie';
    case 'ratelimit':
    case 'ratelimit-policy':
      return 'rate';
    case 'www-authenticate':
      return 'challenge';
    default:
      return 'plain';
  }
}

/** CORS is answered for the head: a browser reads none of it from trailers, and nobody else should. */
function judgeTrailer(name: string, kind: FieldKind): FieldKind {
  return kind === 'plain' && !neverTrailing.has(name) && !name.startsWith('access-control-') ? 'plain' : 'dropped';
}

/** A WebSocket is agreed on with each neighbour anew, under a key of its own. */
function isHopByHop(name: string): boolean {
  return hopByHop.has(name) || name.startsWith('sec-websocket-');
}

/** What is paid for a call is paid to the gateway: a program that read an upstream's word on it would pay somebody else. */
function isPayment(name: string): boolean {
  return name.startsWith('payment-') || name.startsWith('x-payment-') || name === 'payment' || name === 'x-payment';
}

function isOurs(name: string): boolean {
  return name.startsWith('callora-') || name.startsWith('x-callora-') || name === 'callora' || name === 'x-callora';
}

export function foldedName(rawName: string): string {
  return rawName.toLowerCase().replace(/[^a-z0-9]/g, '-');
}
