import type { Api } from '../catalog/model.ts';
import type { FieldRules } from './fields.ts';
import type { Prepared } from './prepared.ts';

export type AnswerHead = {
  /** Flat pairs for the client, without ours. */
  fields: string[];
  /** Declared body length in bytes, or -1. */
  contentLength: number;
};

/** Cache fields that give way to `no-store`. */
const cacheFields = new Set(['cache-control', 'expires', 'pragma', 'age', 'surrogate-control', 'cdn-cache-control']);

/**
 * The upstream's head as the client may see it: without hop-by-hop fields, what Connection names, fields that only
 * the gateway may set, and the names of the secrets it was sent. Undefined when a value has bytes that no field may
 * have: that is a broken head, and it has to be known before anything is charged.
 */
export function answerHead(
  rawHeaders: Buffer[],
  rules: FieldRules,
  prepared: Prepared,
  api: Api,
): AnswerHead | undefined {
  const head: AnswerHead = { fields: [], contentLength: -1 };
  let chunked = false;
  let named: string[] | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const rawName = text(rawHeaders[i]);
    const name = rules.down(rawName);
    if (name === '') {
      const lower = rawName.toLowerCase();
      if (lower === 'content-length') head.contentLength = Number(text(rawHeaders[i + 1]));
      else if (lower === 'transfer-encoding') chunked = true;
      else if (lower === 'connection') named = connectionNames(text(rawHeaders[i + 1]), named);
      continue;
    }
    if (prepared.secretNames.has(name) || (!prepared.keepsCacheFields && cacheFields.has(name))) continue;
    const value = text(rawHeaders[i + 1]);
    if (!isFieldValue(value)) return undefined;
    head.fields.push(rawName, name === 'location' || name === 'content-location' ? relocated(value, api) : value);
  }
  if (chunked) head.contentLength = -1;
  if (named) head.fields = withoutNamed(head.fields, named);
  return head;
}

/** Trailers for the client. The call is decided and the body has left, so a value that no field may have is left out. */
export function trailersDown(fields: string[], rules: FieldRules, prepared: Prepared): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = rules.trailerDown(fields[i] ?? '');
    const value = fields[i + 1] ?? '';
    if (name !== '' && !prepared.secretNames.has(name) && isFieldValue(value)) kept.push(fields[i] ?? '', value);
  }
  return kept;
}

function text(bytes: Buffer | undefined): string {
  return bytes ? bytes.toString('latin1') : '';
}

function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 0x20 && code !== 9) || code === 0x7f) return false;
  }
  return true;
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
