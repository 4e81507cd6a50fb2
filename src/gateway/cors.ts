import type { Api, Config, CorsPolicy } from '../catalog/model.ts';
import { isToken } from '../http1/fields.ts';
import type { Head } from './head.ts';

/**
 * What a browser is told about pages of other origins, as flat pairs. The fields stand on refusals too, or a page could
 * not tell a 402 from a broken network.
 */
export type Cors = {
  /** For an answer to a request from this origin; undefined when no page asked. A new array, to add to. */
  fields(origin: string | undefined): string[];
  /** For an answer that a shared cache may hand to any page later, whoever asked for it now. */
  cachedFields(): readonly string[];
  /** For a preflight to a path that is sold with these methods; none for one that is not, whose 404 a page may read. */
  preflight(head: Head, methods: readonly string[]): string[];
};

/** What scripts may read of an answer; RFC 9110 hides every other field from them. */
const exposed = [
  'callora-call',
  'callora-price',
  'callora-balance',
  'retry-after',
  'ratelimit',
  'ratelimit-policy',
  'idempotent-replayed',
  'payment-required',
  'payment-response',
  'payment-receipt',
  'www-authenticate',
  'x-request-id',
  'proxy-status',
  'server-timing',
];

/** What a page may always send: token, key of a repeatable call, payment, and what a body needs. */
const accepted = ['authorization', 'content-type', 'idempotency-key', 'payment-signature', 'payment-authorization'];

/** Methods that are listed for a path sold with any. */
const anyMethod = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

function createCors(policy: CorsPolicy): Cors {
  const origins = policy.origins === '*' ? undefined : new Set(policy.origins);
  const expose = ['access-control-expose-headers', [...exposed, ...policy.expose].join(', ')];
  const open = ['access-control-allow-origin', '*', ...expose];
  const credentials = policy.credentials ? ['access-control-allow-credentials', 'true'] : [];
  const headers = policy.headers && [...accepted, ...policy.headers].join(', ');

  function allowOrigin(origin: string | undefined): string[] {
    if (!origins) return ['access-control-allow-origin', '*'];
    // Only what is listed is ever repeated, so no page gets in by calling itself something else.
    return origin !== undefined && origins.has(origin) ? ['access-control-allow-origin', origin, ...credentials] : [];
  }

  return {
    fields(origin) {
      if (!origins) return origin === undefined ? [] : [...open];
      const allowed = allowOrigin(origin);
      return allowed.length === 0 ? ['vary', 'Origin'] : [...allowed, 'vary', 'Origin', ...expose];
    },
    cachedFields: () => (origins ? [] : open),
    preflight(head, methods) {
      const vary = ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'];
      const allowed = allowOrigin(head.origin);
      if (allowed.length === 0) return vary;
      return [
        ...allowed,
        ...vary,
        'access-control-allow-methods',
        allowedMethods(head.preflightMethod, methods).join(', '),
        'access-control-allow-headers',
        headers ?? (isFieldList(head.preflightHeaders) ? head.preflightHeaders : accepted.join(', ')),
        'access-control-max-age',
        String(policy.maxAgeS),
      ];
    },
  };
}

/** The policies of one configuration: an API's own, or the gateway's. */
export type CorsRules = {
  /** For the gateway's own pages, and for targets that are no path. */
  readonly own: Cors;
  /** For a path of sold APIs, whatever the method. */
  at(path: string): Cors;
  of(api: Api): Cors;
};

/** Browsers keep a preflight for two hours at most. */
const maxAgeS = 7_200;

export function createCorsRules(config: Config): CorsRules {
  const { corsOrigins: origins } = config.gateway;
  const own = createCors({ origins, headers: undefined, expose: [], maxAgeS, credentials: false });
  const byApi = new Map(config.apis.flatMap((api) => (api.cors ? [[api, createCors(api.cors)] as const] : [])));
  const of = (api: Api | undefined) => (api && byApi.get(api)) ?? own;
  return { own, of, at: (path) => (byApi.size === 0 ? own : of(config.routes.apiAt(path))) };
}

/** An OPTIONS request is a preflight only when it carries both fields that browsers send with one. */
export function isPreflight(head: Head): boolean {
  return head.method === 'OPTIONS' && head.origin !== undefined && head.preflightMethod !== undefined;
}

function allowedMethods(asked: string | undefined, sold: readonly string[]): readonly string[] {
  if (sold.length > 0 && !sold.includes('ANY')) return sold;
  const isOther = asked !== undefined && isMethod(asked) && !anyMethod.includes(asked);
  return isOther ? [...anyMethod, asked] : anyMethod;
}

function isMethod(text: string): boolean {
  return text.length <= 32 && isToken(text);
}

function isFieldList(text: string | undefined): text is string {
  return text !== undefined && text.length <= 1024 && text.split(',').every((name) => isToken(name.trim()));
}
