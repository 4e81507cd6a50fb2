/**
 * Field names as a proxy sees them. Everything is decided on the folded name: lower case, `_` read as `-`, since many
 * upstreams (CGI, WSGI, PHP) cannot tell `x_real_ip` from `x-real-ip`.
 */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'http2-settings',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
]);

/** Fields by which a client could pass as someone else, or its request as another: who it is, where it came from, what it asks. */
const identity = new Set([
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-remote-ip',
  'x-remote-addr',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'client-ip',
  'remote-user',
  'x-remote-user',
  'x-forwarded',
  'x-account-id',
  'account-id',
  'x-original-url',
  'x-original-host',
  'x-original-method',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
]);

/** Fields the gateway sets or frames itself on the way up. `expect` is answered here. */
const ownUp = new Set(['host', 'content-length', 'authorization', 'expect', 'x-request-id']);

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

export type FieldRules = {
  /** The folded name when a client's field may go to the upstream, or '' when it may not. */
  up(rawName: string): string;
  /** The folded name when an upstream's field may go to the client, or ''. */
  down(rawName: string): string;
  /** The same for fields behind a body. */
  trailerUp(rawName: string): string;
  trailerDown(rawName: string): string;
};

/**
 * Verdicts are remembered by spelling, so that a usual name costs one look-up. The memory is bounded: hostile
 * spellings past it are judged afresh each time.
 */
export function createFieldRules(namesMax = 1000): FieldRules {
  return {
    up: remembered(judgeUp, namesMax),
    down: remembered(judgeDown, namesMax),
    trailerUp: remembered((rawName) => judgeTrailer(judgeUp(rawName)), namesMax),
    trailerDown: remembered((rawName) => judgeTrailer(judgeDown(rawName)), namesMax),
  };
}

function remembered(judge: (rawName: string) => string, namesMax: number): (rawName: string) => string {
  const verdicts = new Map<string, string>();
  return (rawName) => {
    const known = verdicts.get(rawName);
    if (known !== undefined) return known;
    const verdict = judge(rawName);
    if (verdicts.size < namesMax) verdicts.set(rawName, verdict);
    return verdict;
  };
}

function judgeUp(rawName: string): string {
  const name = foldedName(rawName);
  if (hopByHop.has(name) || ownUp.has(name) || identity.has(name) || isOurs(name)) return '';
  if (name.startsWith('x-forwarded-') || name.startsWith('x-envoy-')) return '';
  return name;
}

function judgeDown(rawName: string): string {
  const name = foldedName(rawName);
  return hopByHop.has(name) || ownDown.has(name) || isOurs(name) ? '' : name;
}

/** CORS is answered for the head: a browser reads none of it from trailers, and nobody else should. */
function judgeTrailer(name: string): string {
  return neverTrailing.has(name) || name.startsWith('access-control-') ? '' : name;
}

function isOurs(name: string): boolean {
  return name.startsWith('callora-') || name.startsWith('x-callora-') || name === 'callora' || name === 'x-callora';
}

export function foldedName(rawName: string): string {
  const lower = rawName.toLowerCase();
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower;
}
