import type { Api, Route, RouteTable } from '../catalog/model.ts';
import { parsePattern, type Segment } from '../catalog/route-grammar.ts';
import { createRouteTable, type RouteEntry } from '../catalog/route-table.ts';

/**
 * Guards a price against lenient upstreams. Many frameworks ignore case and a final slash, cut `;` parameters, or
 * decode what was encoded: `/DEAR`, `/dear/` and `/dear;x` then arrive at `/dear`, while the price list sees a cheap
 * parameter or the price of unlisted paths. Such a path is refused when its lenient reading is dearer; it is never
 * charged at the other price, since a strict upstream may mean something else by it. The same goes for methods: an
 * upstream that does not look at them answers `POST /dear` as `GET /dear`, at the price of unlisted calls.
 */
export type Readings = {
  /**
   * True when a lenient upstream may take `rest` (the path behind the mount) for a dearer route than `route`, or when
   * there are so many ways to read it that nobody looks at all of them.
   * `plain` says that the path itself has nothing to be lenient about.
   */
  isDearer(method: string, rest: string, plain: boolean, route: Route): boolean;
  /**
   * The methods by which this path is listed as a dearer route than `route`, which no method names. Empty when there
   * is nothing to guard.
   */
  dearerMethods(method: string, rest: string, plain: boolean, route: Route): string[];
};

/** `plain` routes are already written as a lenient upstream reads them, so a plain path can only match as it stands. */
type Lenient = { table: RouteTable; plain: boolean; methods: string[] };

export function createReadings(): Readings {
  const known = new WeakMap<Api, Lenient | 'one price'>();

  function routesOf(api: Api): Lenient | 'one price' {
    const found = known.get(api);
    if (found !== undefined) return found;
    const routes = hasOnePrice(api) ? 'one price' : lenientRoutes(api);
    known.set(api, routes);
    return routes;
  }

  return {
    isDearer(method, rest, plain, route) {
      const routes = routesOf(route.api);
      if (routes === 'one price' || (plain && routes.plain) || isLiteral(route)) return false;
      const reads = readingsOf(rest);
      if (reads === undefined) return true;
      return reads.some((read) => {
        const match = routes.table.match(method, read);
        return match.kind === 'route' && isMore(match.route, route);
      });
    },
    dearerMethods(method, rest, plain, route) {
      if (route.method !== 'ANY') return none;
      const routes = routesOf(route.api);
      if (routes === 'one price' || routes.methods.length === 0) return none;
      const reads = (plain && routes.plain ? undefined : readingsOf(rest)) ?? [rest];
      return routes.methods.filter((name) => {
        if (name === method) return false;
        return reads.some((read) => {
          const match = routes.table.match(name, read);
          // `ANY /x` beside `GET /x` is meant as it stands.
          return match.kind === 'route' && match.route.template !== route.template && isMore(match.route, route);
        });
      });
    },
  };
}

const none: string[] = [];

/** A route named letter by letter is meant as it stands, even beside one that differs in case only. */
function isLiteral(route: Route): boolean {
  return !route.template.includes('/:') && !route.template.endsWith('/*');
}

/** WebSockets paid by different things have no order, so each counts as the dearer one. */
function isMore(other: Route, route: Route): boolean {
  if (other.websocket !== undefined && route.websocket !== undefined && other.websocket !== route.websocket)
    return true;
  return other.priceUnits > route.priceUnits || (other.auth === 'token' && route.auth === 'none');
}

function hasOnePrice({ routes }: Api): boolean {
  const [first] = routes;
  return routes.every(
    ({ priceUnits, auth, websocket }) =>
      priceUnits === first?.priceUnits && auth === first.auth && websocket === first.websocket,
  );
}

/** The API's routes with their literals as a lenient upstream reads them; of two that fall together the dearer counts. */
function lenientRoutes(api: Api): Lenient {
  const unmounted = { ...api, mount: '' };
  const entries = [...api.routes]
    .sort((a, b) => (isMore(a, b) ? 1 : -1))
    .map((route): RouteEntry => ({ route: { ...route, api: unmounted }, segments: lenientSegments(api, route) }));
  const plain = api.routes.every(({ template }) => {
    const literals = template.slice(api.mount.length).replace(/\/:\w+/g, '/:');
    return lenient(literals) === literals;
  });
  const methods = [...new Set(api.routes.map(({ method }) => method))].filter((method) => method !== 'ANY');
  return { table: createRouteTable(entries, [unmounted]), plain, methods };
}

function lenientSegments(api: Api, route: Route): Segment[] {
  const pattern = parsePattern(`${route.method} ${route.template.slice(api.mount.length)}`);
  if (typeof pattern === 'string') throw new Error(`route ${route.template} ${pattern}`);
  const segments = pattern.segments.map(
    (segment): Segment => (segment.kind === 'literal' ? { kind: 'literal', text: lenient(segment.text) } : segment),
  );
  const last = segments.at(-1);
  return last?.kind === 'literal' && last.text === '' ? segments.slice(0, -1) : segments;
}

/**
 * What servers are lenient about, in the order in which they come to it: parameters, encodings, what a second parse
 * takes for a query, parameters that were encoded, blanks around a name and the dots behind it that file systems drop,
 * case, and a final slash. Upper case comes first, since some letters beyond ASCII fold to an ASCII letter one way only.
 */
const leniencies: ((path: string) => string)[] = [
  (path) => (path.includes(';') ? path.replace(/;[^/]*/g, '') : path),
  (path) => (path.includes('%') ? decodeURIComponent(path) : path),
  (path) => path.replace(/[?#].*$/s, ''),
  (path) => (path.includes(';') ? path.replace(/;[^/]*/g, '') : path),
  (path) => path.replace(/(?<=\/)\s+(?=[^/\s])/g, '').replace(/(?<=[^/\s.])[\s.]+(?=\/|$)/g, ''),
  (path) => path.toUpperCase().toLowerCase(),
  (path) => (path.endsWith('/') ? path.slice(0, -1) : path),
];

/** What is left when a server is lenient about everything. */
function lenient(path: string): string {
  return leniencies.reduce((read, apply) => apply(read), path);
}

/** Most paths have one or two readings. Each is a pass over the path, and the paths come from anyone. */
const readingsMax = 16;

/** Every reading by a server that is lenient about some of it, or undefined when there are too many to look at. */
function readingsOf(path: string): string[] | undefined {
  const readings = [path];
  for (const apply of leniencies) {
    for (const reading of [...readings]) {
      const read = apply(reading);
      if (read !== reading) readings.push(read);
    }
    if (readings.length > readingsMax) return undefined;
  }
  return readings;
}
