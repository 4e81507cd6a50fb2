import { parseDocument } from 'yaml';
import { parsePattern, type RoutePattern } from './route-grammar.ts';

/** What an OpenAPI document sells, in the words of the catalog. */
export type ImportedRoute = {
  /** As the document names it, such as `GET /pets/{id}`. */
  operation: string;
  pattern: RoutePattern;
  description: string | undefined;
};

/** An operation that no route can express, with the reason. */
export type Unusable = { operation: string; reason: string };

export type OpenApiResult =
  | {
      ok: true;
      routes: ImportedRoute[];
      unusable: Unusable[];
      /** The first server, when it is an absolute URL that could be the upstream. */
      server: string | undefined;
    }
  | { ok: false; message: string };

/** Bounds of what is read; a document past them is refused whole. */
export const openApiLimits = {
  /** As a catalog; the largest public documents are cut into parts anyway. */
  fileBytesMax: 4 * 1024 * 1024,
  /** A catalog of 10,000 routes has about 600 KiB; nobody reviews more at once. */
  operationsMax: 5_000,
  /** Brackets open at once, those in texts included: no document has a tenth of it, and a parser takes minutes over a million. */
  depthMax: 1_000,
  /** References of a path item to a path item to …; a circle has no end. */
  refsMax: 8,
  descriptionCharsMax: 200,
  /** Aliases resolved in one document: anchors that multiply are the one thing small text can blow up with. */
  aliasesMax: 1_000,
} as const;

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

/** Reads OpenAPI 3.0 and 3.1 as JSON or YAML. Never throws, whatever the text holds. */
export function readOpenApi(text: string): OpenApiResult {
  if (text.length > openApiLimits.fileBytesMax) return refuse('is larger than 4 MiB');
  const parsed = parse(text);
  if (!parsed.ok) return parsed;
  const { value: root } = parsed;
  if (!isRecord(root)) return refuse('is no OpenAPI document: it is not a mapping');
  const version = own(root, 'openapi');
  if (typeof version !== 'string' || !/^3\.[01](\.|$)/.test(version)) {
    const found = typeof version === 'string' ? version : own(root, 'swagger') === undefined ? 'nothing' : 'Swagger 2';
    return refuse(`says ${JSON.stringify(found.slice(0, 40))} where OpenAPI 3.0 or 3.1 is read`);
  }
  const paths = own(root, 'paths');
  if (!isRecord(paths)) return refuse('has no paths');
  const routes: ImportedRoute[] = [];
  const unusable: Unusable[] = [];
  for (const [path, item] of Object.entries(paths)) {
    if (path.startsWith('x-')) continue;
    readPathItem(root, path, item, routes, unusable);
    if (routes.length + unusable.length > openApiLimits.operationsMax) {
      return refuse(`has more than ${openApiLimits.operationsMax} operations`);
    }
  }
  return { ok: true, routes: routes.sort(byPath), unusable, server: serverOf(root) };
}

function parse(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // Not JSON: YAML, or neither.
  }
  if (isTooDeep(text)) return refuse(`opens more than ${openApiLimits.depthMax} brackets inside each other`);
  try {
    // Looking for repeated keys takes the square of their number, which a hostile document would choose.
    const options = { version: '1.2', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const;
    const document = parseDocument(text, options);
    const [error] = document.errors;
    if (error) return refuse(`is neither JSON nor readable YAML: ${oneLine(error.message)}`);
    return { ok: true, value: document.toJS({ maxAliasCount: openApiLimits.aliasesMax }) };
  } catch (error) {
    // Nesting without end, or aliases that multiply.
    return refuse(`is not readable YAML: ${oneLine(error instanceof Error ? error.message : String(error))}`);
  }
}

/** A parser repeats what it stumbled over, which may be megabytes, or steer a terminal. */
function oneLine(text: string): string {
  const start = text.slice(0, openApiLimits.descriptionCharsMax);
  return start.replaceAll(/[\p{C}\s]+/gu, ' ').trim();
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length && depth <= openApiLimits.depthMax; at++) {
    const char = text[at];
    if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth--;
  }
  return depth > openApiLimits.depthMax;
}

function readPathItem(
  root: Record<string, unknown>,
  path: string,
  given: unknown,
  routes: ImportedRoute[],
  unusable: Unusable[],
): void {
  const item = resolve(root, given);
  if (typeof item === 'string') {
    unusable.push({ operation: path, reason: item });
    return;
  }
  const route = routePath(path);
  for (const name of methods) {
    const operation = own(item, name);
    if (!isRecord(operation)) continue;
    const method = name.toUpperCase();
    const label = `${method} ${path}`;
    // HEAD is sold with GET, so there is nothing to list.
    if (name === 'head' && isRecord(own(item, 'get'))) continue;
    const pattern = typeof route === 'string' ? route : parsePattern(`${method} ${route.path}`);
    if (typeof pattern === 'string') unusable.push({ operation: label, reason: pattern });
    else routes.push({ operation: label, pattern, description: describe(operation, item) });
  }
}

/** Follows `#/…` references; others would lead out of the document. A text says what is wrong. */
function resolve(root: Record<string, unknown>, given: unknown): Record<string, unknown> | string {
  let item = given;
  for (let hops = 0; hops <= openApiLimits.refsMax; hops++) {
    if (!isRecord(item)) return 'is not a mapping';
    const ref = own(item, '$ref');
    if (ref === undefined) return item;
    if (typeof ref !== 'string' || !ref.startsWith('#/')) return 'refers to another document';
    item = ref
      .slice(2)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((node, part) => (isRecord(node) ? own(node, part) : undefined), root);
  }
  return `refers on and on, more than ${openApiLimits.refsMax} times`;
}

/** `/pets/{petId}` in the grammar of routes, or what stands in the way. */
function routePath(path: string): { path: string } | string {
  if (!path.startsWith('/')) return 'does not start with a slash';
  // Encoded, it would be a route that no call ever takes, and its calls would cost what the path alone costs.
  if (/[?#]/.test(path)) return 'has a query or a fragment: a price is for a path, whatever stands behind it';
  const segments: string[] = [];
  for (const text of path.slice(1).split('/')) {
    const name = /^\{([^{}]+)\}$/.exec(text)?.[1];
    if (name !== undefined) segments.push(`:${parameterName(name)}`);
    else if (/[{}]/.test(text)) return `has a parameter that is a part of a segment: ${text}`;
    else if (/^:|\*/.test(text)) return `has a literal segment that a route would read as a pattern: ${text}`;
    else segments.push(encoded(text));
  }
  return { path: `/${segments.join('/')}` };
}

function parameterName(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9_]/g, '_');
  return /^[0-9]/.test(safe) ? `_${safe}` : safe;
}

/** Documents write spaces and letters beyond ASCII as they are; calls carry them percent-encoded. */
function encoded(text: string): string {
  if (text.includes('%') || !text.isWellFormed()) return text;
  return encodeURIComponent(text).replaceAll(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);
}

function describe(operation: Record<string, unknown>, item: Record<string, unknown>): string | undefined {
  const texts = [own(operation, 'summary'), own(item, 'summary'), own(operation, 'description')];
  const found = texts.find((text) => typeof text === 'string' && text.trim() !== '');
  if (typeof found !== 'string') return undefined;
  const line = (found.trim().split(/[\r\n]/)[0] ?? '').replaceAll(/[\p{C}\s]+/gu, ' ').trim();
  return [...line].slice(0, openApiLimits.descriptionCharsMax).join('').trim() || undefined;
}

function serverOf(root: Record<string, unknown>): string | undefined {
  const servers = own(root, 'servers');
  const first: unknown = Array.isArray(servers) ? servers[0] : undefined;
  const url = isRecord(first) ? own(first, 'url') : undefined;
  // Braces are variables of the document, and `${…}` would be one of our environment.
  return typeof url === 'string' && /^https?:\/\/[^{}$?#\s]+$/.test(url) ? url : undefined;
}

function byPath(a: ImportedRoute, b: ImportedRoute): number {
  return order(a.pattern.path, b.pattern.path) || order(a.pattern.method, b.pattern.method);
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function refuse(message: string): { ok: false; message: string } {
  return { ok: false, message };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
