import type { Api } from '../catalog/model.ts';
import type { Exchange } from './exchange.ts';
import type { FieldKind, FieldRules } from './fields.ts';
import { announced } from './headers-up.ts';
import { setsOwnCookie } from './own-cookies.ts';
import type { Prepared } from './prepared.ts';
import { speaksAsUs } from './proxy-status.ts';

export type AnswerHead = {
  /** Flat pairs for the client, without ours. */
  fields: string[];
  /** Declared length as it stands, for answers that end with their head; undefined without one. */
  contentLength: string | undefined;
  hasDate: boolean;
  /** Name of a field that was left out because it held a secret the upstream had been sent; undefined when none did. */
  leaking: string | undefined;
};

/**
 * The upstream's head as the client may see it: without hop-by-hop fields, what Connection names, fields that only
 * the gateway may set, and the secrets the upstream was sent, by their names and by their values. `exchange` says who
 * asks: HTTP/1.0 knows no chunks, and so no trailers that could be announced; and of two words on a rate a client would
 * take either for the gateway's.
 */
export function answerHead(
  raw: readonly string[],
  rules: FieldRules,
  prepared: Prepared,
  api: Api,
  exchange: Pick<Exchange, 'head' | 'fields'>,
): AnswerHead {
  const head: AnswerHead = { fields: [], contentLength: undefined, hasDate: false, leaking: undefined };
  const { secretNames, secretValues } = prepared;
  const { fields } = head;
  let named: string[] | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const rawName = raw[i] ?? '';
    const { kind, name } = rules.down(rawName);
    if (kind === 'dropped' || (secretNames.size > 0 && secretNames.has(name))) continue;
    const value = raw[i + 1] ?? '';
    if (kind === 'content-length') {
      head.contentLength = value;
      continue;
    }
    if (kind === 'connection') {
      named = connectionNames(value, named);
      continue;
    }
    if (kind === 'cache' && !prepared.keepsCacheFields) continue;
    if (secretValues.length > 0 && holdsSecret(value, secretValues)) {
      head.leaking = name;
      continue;
    }
    if (kind === 'date') head.hasDate = true;
    const shown = shownValue(kind, value, rules, prepared, api, exchange);
    if (shown !== '' || value === '') fields.push(rawName, shown);
  }
  if (named) {
    head.fields = withoutNamed(fields, named);
    if (named.includes('date')) head.hasDate = false;
  }
  return head;
}

/** Of the challenges in one field (RFC 9110 section 11.6.1), one of the Payment scheme. */
const asksForPayment = /(?:^|,)\s*payment(?:\s|,|$)/i;

/** The value as the client may see it, or '' for a field that it may not see at all. */
function shownValue(
  kind: FieldKind,
  value: string,
  rules: FieldRules,
  prepared: Prepared,
  api: Api,
  { head, fields }: Pick<Exchange, 'head' | 'fields'>,
): string {
  switch (kind) {
    case 'location':
      return relocated(value, api);
    case 'proxy-status':
      return speaksAsUs(value) ? '' : value;
    case 'challenge':
      return asksForPayment.test(value) ? '' : value;
    case 'cookie':
      return setsOwnCookie(value) ? '' : value;
    case 'trailer':
      return head.minor === 0 ? '' : announced(value, rules.trailerDown, prepared.secretNames);
    case 'rate':
      return fields.includes('ratelimit') ? '' : value;
    case 'vary':
      return prepared.keepsCacheFields ? ourVary(value) : value;
    default:
      return value;
  }
}

/**
 * What varies by who pays varies, for a cache before the gateway, by the token: the fields that name the account are not
 * in the requests that it sees.
 */
function ourVary(value: string): string {
  return value.toLowerCase().includes('callora-') ? `${value}, Authorization` : value;
}

function holdsSecret(value: string, secretValues: readonly string[]): boolean {
  for (const secret of secretValues) if (value.length >= secret.length && value.includes(secret)) return true;
  return false;
}

/** Trailers for the client. */
export function trailersDown(fields: string[], rules: FieldRules, prepared: Prepared): string[] {
  const { secretNames, secretValues } = prepared;
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const { kind, name } = rules.trailerDown(fields[i] ?? '');
    const value = fields[i + 1] ?? '';
    if (kind === 'dropped' || secretNames.has(name) || holdsSecret(value, secretValues)) continue;
    kept.push(fields[i] ?? '', value);
  }
  return kept;
}

function connectionNames(value: string, names: string[] | undefined): string[] | undefined {
  const lower = value.toLowerCase();
  if (lower === 'keep-alive' || lower === 'close') return names;
  return [...(names ?? []), ...lower.split(',').map((part) => part.trim())];
}

function withoutNamed(fields: string[], named: string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!named.includes(name.toLowerCase())) kept.push(name, fields[i + 1] ?? '');
  }
  return kept;
}

/**
 * A redirect within the upstream is moved to where the API is mounted; the client cannot reach the upstream, and
 * should not learn its address. A redirect to elsewhere passes as it is: the gateway never follows one.
 */
function relocated(value: string, api: Api): string {
  const { origins, basePath } = api.upstream;
  const origin = origins.find(
    (each) => value.startsWith(each) && (value.length === each.length || value[each.length] === '/'),
  );
  const path = origin === undefined ? value : value.slice(origin.length) || '/';
  if (!path.startsWith('/') || path.startsWith('//')) return value;
  if (!path.startsWith(basePath)) return path === value ? value : path;
  const rest = path.slice(basePath.length);
  return rest === '' || rest.startsWith('/') || rest.startsWith('?') || rest.startsWith('#')
    ? `${api.mount}${rest}`
    : path;
}
