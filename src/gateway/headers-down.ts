import type { Api } from '../catalog/model.ts';
import type { FieldRules } from './fields.ts';
import type { Prepared } from './prepared.ts';

export type AnswerHead = {
  /** Flat pairs for the client, without ours. */
  fields: string[];
  /** Declared length as it stands, for answers that end with their head; undefined without one. */
  contentLength: string | undefined;
  hasDate: boolean;
};

/** Cache fields that give way to `no-store`. */
const cacheFields = new Set(['cache-control', 'expires', 'pragma', 'age', 'surrogate-control', 'cdn-cache-control']);

/**
 * The upstream's head as the client may see it: without hop-by-hop fields, what Connection names, fields that only
 * the gateway may set, and the names of the secrets it was sent.
 */
export function answerHead(raw: readonly string[], rules: FieldRules, prepared: Prepared, api: Api): AnswerHead {
  const head: AnswerHead = { fields: [], contentLength: undefined, hasDate: false };
  let named: string[] | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const rawName = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const name = rules.down(rawName);
    if (name === '') {
      const lower = rawName.toLowerCase();
      if (lower === 'content-length') head.contentLength = value;
      else if (lower === 'connection') named = connectionNames(value, named);
      continue;
    }
    if (prepared.secretNames.has(name) || (!prepared.keepsCacheFields && cacheFields.has(name))) continue;
    if (name === 'date') head.hasDate = true;
    head.fields.push(rawName, name === 'location' || name === 'content-location' ? relocated(value, api) : value);
  }
  if (named) head.fields = withoutNamed(head.fields, named);
  return head;
}

/** Trailers for the client. */
export function trailersDown(fields: string[], rules: FieldRules, prepared: Prepared): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = rules.trailerDown(fields[i] ?? '');
    if (name !== '' && !prepared.secretNames.has(name)) kept.push(fields[i] ?? '', fields[i + 1] ?? '');
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
