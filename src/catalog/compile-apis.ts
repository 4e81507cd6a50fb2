import path from 'node:path';
import { zero } from '../money.ts';
import { compileChargeOn } from './charge-on.ts';
import { usesEnvironment } from './environment.ts';
import type { Api, Route, RouteTable, UpstreamTarget } from './model.ts';
import type { Report } from './report.ts';
import { mountFault, parsePattern, reservedBy, type Segment } from './route-grammar.ts';
import { createRouteTable, type RouteEntry } from './route-table.ts';
import type { ApiSettings, RouteSettings } from './schema.ts';
import { readSecretFile } from './secret-file.ts';
import type { Path } from './source.ts';

type ApiInput = { settings: ApiSettings; path: Path };
type Shared = { bodyBytesMax: number; vault: string | undefined };

/** Compiles APIs and routes, and reports names, mounts and routes that collide. */
export function compileApis(inputs: ApiInput[], shared: Shared, report: Report): { apis: Api[]; routes: RouteTable } {
  const apis: Api[] = [];
  const entries: RouteEntry[] = [];
  const names = new Map<string, Path>();
  const mounts = new Map<string, Path>();
  for (const input of inputs) {
    checkUnique(names, input.settings.name, [...input.path, 'name'], report);
    checkUnique(mounts, input.settings.mount, [...input.path, 'mount'], report);
    const api = compileApi(input, shared, report);
    apis.push(api);
    for (const entry of compileRoutes(api, input, shared, entries.length, report)) entries.push(entry);
  }
  return { apis, routes: createRouteTable(entries, apis) };
}

function checkUnique(seen: Map<string, Path>, value: string, at: Path, report: Report): void {
  const { source, problems } = report;
  const other = seen.get(value);
  if (other) {
    const message = `collides with line ${source.line(other)}: both are ${value}`;
    problems.push(source.problem(at, message, `a ${at.at(-1)} of its own`));
  } else {
    seen.set(value, at);
  }
}

function compileApi({ settings, path: at }: ApiInput, shared: Shared, report: Report): Api {
  const { source, problems } = report;
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(settings.name)) {
    const expected = 'lower-case letters, digits and hyphens, a letter first, 63 at most';
    problems.push(source.problem([...at, 'name'], 'is not a name that tokens can carry', expected));
  }
  const fault = mountFault(settings.mount);
  if (fault) problems.push(source.problem([...at, 'mount'], fault.message, fault.expected));
  if (settings.payee === shared.vault) {
    problems.push(source.problem([...at, 'payee'], 'is the vault itself', "the API owner's own address"));
  }
  if (settings.price === undefined && settings.routes.length === 0) {
    problems.push(source.problem(at, 'sells nothing', 'a price, or routes with prices'));
  }
  const api: Api = {
    name: settings.name,
    payee: settings.payee,
    mount: settings.mount === '/' ? '' : settings.mount,
    upstream: compileUpstream(settings),
    headers: compileHeaders(settings.headers, at, report),
    encodedSlash: settings.encoded_slash,
    rate: settings.rate && {
      perSecond: settings.rate.per_second,
      burst: settings.rate.burst ?? Math.ceil(settings.rate.per_second),
    },
    routes: [],
  };
  return api;
}

function compileUpstream(settings: ApiSettings): UpstreamTarget {
  const { origin, pathname } = settings.upstream;
  return {
    origin,
    basePath: pathname.replace(/\/+$/, ''),
    connectionsMax: settings.connections_max,
    connectTimeoutMs: settings.connect_timeout,
    headersTimeoutMs: settings.timeout,
    idleTimeoutMs: settings.idle_timeout,
  };
}

/** Fields that the gateway or HTTP itself owns. */
const ownedHeaders = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'proxy-connection',
]);

const secretHeader = /authorization|cookie|token|secret|password|api-?key|signature/;

function compileHeaders(headers: Record<string, unknown>, at: Path, report: Report): [string, string][] {
  const { source, problems } = report;
  const compiled = new Map<string, string>();
  for (const [name, given] of Object.entries(headers)) {
    const path = [...at, 'headers', name];
    const lower = name.toLowerCase();
    if (!/^[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(lower)) {
      problems.push(source.keyProblem(path, 'is not the name of a header field', 'a name such as x-api-key'));
    } else if (ownedHeaders.has(lower)) {
      problems.push(source.keyProblem(path, 'is a field that the gateway sets itself', 'another field'));
    } else if (compiled.has(lower)) {
      problems.push(source.keyProblem(path, 'is given twice', 'one value per field'));
    }
    compiled.set(lower, headerValue(given, path, secretHeader.test(lower), report));
  }
  return [...compiled];
}

function headerValue(given: unknown, at: Path, secret: boolean, report: Report): string {
  const { source, problems, warnings, folder } = report;
  const expected = `a text, "\${NAME}" from the environment, or { file: ./secrets/name }`;
  if (typeof given === 'object' && given !== null && 'file' in given && typeof given.file === 'string') {
    const found = readSecretFile(path.resolve(folder, given.file));
    if (!found.ok) problems.push(source.problem(at, found.message, found.expected));
    else if (found.warning) warnings.push(source.problem(at, found.warning, 'mode 0600'));
    return found.ok ? found.secret : '';
  }
  if (typeof given !== 'string') {
    problems.push(source.problem(at, 'is not a text', expected));
    return '';
  }
  if (secret && !usesEnvironment(source.spelling(at) ?? '')) {
    problems.push(
      source.problem(at, 'is a credential written into the file', `"\${NAME}" or { file: ./secrets/name }`),
    );
  }
  if (!/^[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?$/.test(given)) {
    problems.push(source.problem(at, 'is no value a header field can have', 'printable ASCII on one line'));
  }
  return given;
}

function compileRoutes(api: Api, input: ApiInput, shared: Shared, firstIndex: number, report: Report): RouteEntry[] {
  const { settings, path: at } = input;
  const { source, problems } = report;
  const entries: RouteEntry[] = [];
  const seen = new Map<string, Path>();
  for (const [position, listed] of settings.routes.entries()) {
    const path = [...at, 'routes', position];
    const parsed = parsePattern(listed.match);
    if (!parsed.ok) {
      problems.push(source.problem([...path, 'match'], parsed.message, parsed.expected));
      continue;
    }
    const { method, segments } = parsed.pattern;
    checkUnique(seen, shapeOf(method, segments), [...path, 'match'], report);
    const template = api.mount + listed.match.slice(listed.match.indexOf(' ') + 1);
    const reserved = reservedBy(template);
    if (reserved) problems.push(source.problem([...path, 'match'], `is under ${reserved}`, 'a path that can be sold'));
    const index = firstIndex + entries.length;
    entries.push({ route: compileRoute(api, listed, method, template, input, index, shared, path, report), segments });
  }
  if (settings.price !== undefined) {
    const unlisted: RouteSettings = { match: 'ANY /*', auth: 'token' };
    const index = firstIndex + entries.length;
    const route = compileRoute(api, unlisted, 'ANY', `${api.mount}/*`, input, index, shared, at, report);
    entries.push({ route, segments: undefined });
  }
  api.routes = entries.map((entry) => entry.route);
  return entries;
}

/** Two routes collide when they take the same calls, whatever their parameters are called. */
function shapeOf(method: string, segments: Segment[]): string {
  const parts = segments.map((segment) => {
    if (segment.kind === 'literal') return segment.text;
    return segment.kind === 'param' ? ':' : '*';
  });
  return `${method} /${parts.join('/')}`;
}

function compileRoute(
  api: Api,
  listed: RouteSettings,
  method: string,
  template: string,
  { settings }: ApiInput,
  index: number,
  shared: Shared,
  at: Path,
  report: Report,
): Route {
  const { source, problems } = report;
  const price = listed.price ?? settings.price;
  if (price === undefined) {
    problems.push(source.problem([...at, 'price'], 'is missing, and the API has no price of its own', '"0.002"'));
  } else if (listed.auth === 'none' && price > 0n) {
    problems.push(source.problem([...at, 'auth'], 'is none, so nobody pays the price', 'price: "0", or auth: token'));
  }
  return {
    index,
    api,
    method,
    template,
    priceUnits: price ?? zero,
    auth: listed.auth,
    charges: compileChargeOn(listed.charge_on ?? settings.charge_on ?? ['2xx']),
    timeoutMs: listed.timeout ?? settings.timeout,
    bodyBytesMax: listed.body_bytes_max ?? settings.body_bytes_max ?? shared.bodyBytesMax,
    cacheable: listed.cacheable ?? settings.cacheable,
    description: listed.description ?? settings.description,
  };
}
