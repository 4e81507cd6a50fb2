import type { Api, Route, RouteTable } from '../catalog/model.ts';
import { parsePattern, type Segment } from '../catalog/route-grammar.ts';
import { createRouteTable, type RouteEntry } from '../catalog/route-table.ts';
import { lenientNames, lenientPath, lenientReadings } from './lenient-path.ts';
import { type WithinReach, withinReach } from './within-reach.ts';

/**
 * Guards a price against lenient upstreams. Many frameworks ignore case and a final slash, cut `;` parameters and
 * formats, or decode what was encoded: `/DEAR`, `/dear/`, `/dear;x` and `/dear.json` then arrive at `/dear`, while the
 * price list sees a cheap parameter or the price of unlisted paths. Such a path is refused when its lenient reading is
 * dearer; it is never charged at the other price, since a strict upstream may mean something else by it. The same goes
 * for methods: an upstream that does not look at them answers `POST /dear` as `GET /dear`, at the price of unlisted calls.
 *
 * And for APIs that have an upstream server in common: where one lies beneath the mount of another, the outer one must not
 * sell what a lenient upstream takes for the inner one's; and where one is sold of a part of what the other forwards to,
 * the other must not sell that part on other terms, wherever the two are mounted, unless it lists it. A server that the
 * two do not share cannot be reached by a reading. Scopes, rates and pauses of the inner API are not asked: they limit a
 * payer, or protect what is open anyway.
 */
export type Readings = {
  /**
   * True when a lenient upstream may take `rest` (the path behind the mount) for a dearer route than `route`, for a path
   * of another of the `apis` that is not sold on the same terms, or when there are so many ways to read it that nobody
   * looks at all of them.
   * `plain` says that the path itself has nothing to be lenient about. `apis` are those of the route's catalog.
   */
  isDearer(method: string, rest: string, plain: boolean, route: Route, apis: readonly Api[]): boolean;
  /**
   * The methods by which this path is listed as a dearer route than `route`, which no method names. Empty when there
   * is nothing to guard.
   */
  dearerMethods(method: string, rest: string, plain: boolean, route: Route, apis: readonly Api[]): string[];
};

/**
 * One API as a lenient upstream reads it, and the others within its reach: `inner`. `plain` routes and mounts are already
 * written as such an upstream reads them, so a plain path can only match as it stands, which is no reading.
 */
type Lenient = { table: RouteTable; inner: Inner[]; plain: boolean; methods: string[] };

/** `listed` are templates of the outer API that are written for paths of this one: what they sell is meant. */
type Inner = { table: RouteTable; listed: ReadonlySet<string> };

export function createReadings(): Readings {
  const known = new WeakMap<Api, Lenient | 'one price'>();

  function routesOf(api: Api, apis: readonly Api[]): Lenient | 'one price' {
    const found = known.get(api);
    if (found !== undefined) return found;
    const inner = withinReach(api, apis);
    const routes = hasOnePrice(api) && inner.length === 0 ? 'one price' : lenientRoutes(api, inner);
    known.set(api, routes);
    return routes;
  }

  return {
    isDearer(method, rest, plain, route, apis) {
      const routes = routesOf(route.api, apis);
      if (routes === 'one price' || (plain && routes.plain) || isLiteral(route)) return false;
      // However many readings there are, none of them is dearer than the dearest.
      if (routes.inner.length === 0 && !route.api.routes.some((other) => isMore(other, route))) return false;
      const reads = lenientReadings(rest);
      if (reads === undefined) return true;
      return reads.some((read) => {
        const match = routes.table.match(method, read);
        if (match.kind === 'route' && isMore(match.route, route)) return true;
        return routes.inner.some(
          ({ table, listed }) => !listed.has(route.template) && isOnOtherTerms(table, method, read, route),
        );
      });
    },
    dearerMethods(method, rest, plain, route, apis) {
      if (route.method !== 'ANY') return none;
      const routes = routesOf(route.api, apis);
      if (routes === 'one price' || routes.methods.length === 0) return none;
      const reads = (plain && routes.plain ? undefined : lenientReadings(rest)) ?? [rest];
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

/** Of a path within an inner API: it is dearer there, not sold at all, paid to another, or not open to the same addresses. */
function isOnOtherTerms(inner: RouteTable, method: string, read: string, route: Route): boolean {
  if (inner.apiAt(read) === undefined) return false;
  const match = inner.match(method, read);
  if (match.kind !== 'route' || isMore(match.route, route) || !hasSameTerms(match.route.api, route.api)) return true;
  if (match.route.method !== 'ANY') return false;
  return inner.methodsAt(read).some((name) => {
    const named = inner.match(name, read);
    return named.kind === 'route' && named.route.template !== match.route.template && isMore(named.route, route);
  });
}

function hasSameTerms(a: Api, b: Api): boolean {
  const addresses = ({ allowAddresses, blockAddresses }: Api) => JSON.stringify([allowAddresses, blockAddresses]);
  return a.payee === b.payee && addresses(a) === addresses(b);
}

function lenientRoutes(api: Api, inner: WithinReach[]): Lenient {
  const plainRoutes = api.routes.every(({ template }) => {
    const literals = template.slice(api.mount.length).replace(/\/:\w+/g, '/:');
    return lenientPath(literals) === literals;
  });
  const methods = hasOnePrice(api) ? [] : [...new Set(api.routes.map(({ method }) => method))];
  return {
    table: lenientTable(api, ''),
    inner: inner.map((each) => ({ table: lenientTable(each.api, each.prefix), listed: listedFor(each, api) })),
    plain: plainRoutes && inner.every((each) => isPlain(each, api)),
    methods: methods.filter((method) => method !== 'ANY'),
  };
}

function isPlain({ api, prefix, by }: WithinReach, outer: Api): boolean {
  return by === 'mount' && api.mount === outer.mount + prefix;
}

function listedFor({ prefix, by }: WithinReach, { mount, routes }: Api): Set<string> {
  if (by === 'mount') return new Set();
  const isFor = (template: string) => `${lenientNames(template.slice(mount.length))}/`.startsWith(`${prefix}/`);
  return new Set(routes.map(({ template }) => template).filter(isFor));
}

/**
 * The API's routes under `mount`, with their literals as a lenient upstream reads them; of two that fall together the
 * dearer counts.
 */
function lenientTable(api: Api, mount: string): RouteTable {
  const mounted = { ...api, mount };
  const entries = [...api.routes]
    .sort((a, b) => (isMore(a, b) ? 1 : -1))
    .map((route): RouteEntry => ({ route: { ...route, api: mounted }, segments: lenientSegments(api, route) }));
  return createRouteTable(entries, [mounted]);
}

function lenientSegments(api: Api, route: Route): Segment[] {
  const pattern = parsePattern(`${route.method} ${route.template.slice(api.mount.length)}`);
  if (typeof pattern === 'string') throw new Error(`route ${route.template} ${pattern}`);
  const last = pattern.segments.length - 1;
  return pattern.segments.flatMap((segment, at): Segment[] => {
    if (segment.kind !== 'literal') return [segment];
    const text = `/${segment.text}`;
    const whole = at === last ? lenientPath(text) : lenientNames(text);
    // A final slash is no name. `/.env` is one, although nothing stands before its dot.
    const read = whole === '' && text !== '/' ? lenientNames(text) : whole;
    // A literal may hold an encoded slash, and then is read as several names.
    return read === ''
      ? []
      : read
          .slice(1)
          .split('/')
          .map((text) => ({ kind: 'literal', text }));
  });
}
