import { formatUsdc, subtract, type Units, units, zero } from '../money.ts';
import type { Config, Route } from './model.ts';
import { overlapOf } from './route-overlap.ts';

/** Recorded usage of one route: what was charged and kept, under whatever prices stood then. */
export type RecordedUsage = {
  api: string;
  method: string;
  /** The route's template, mount included; paths of single calls are kept nowhere. */
  template: string;
  /** Calls that were charged and not refunded. */
  calls: number;
  earned: Units;
};

export type QuoteRow = {
  api: string;
  method: string;
  route: string;
  calls: number;
  earned: string;
  /** What stands in the changed catalog; null where that cannot be told. */
  price: string | null;
  would_earn: string | null;
  difference: string | null;
  /** Why the row cannot be priced again; such a row is in no total but its own. */
  reason: string | null;
};

export type Quote = {
  rows: QuoteRow[];
  /** Of the rows with a price. */
  total: { calls: number; earned: string; would_earn: string; difference: string };
  not_priced: { calls: number; earned: string };
};

/**
 * What recorded traffic would have earned under a changed catalog: the same calls, route by route, at the prices of
 * `next`. A call is known by its route alone, so a route that is gone, or that would share its paths with one that is
 * new, cannot be priced and is said to be so.
 */
export function quoteUsage(current: Config, next: Config, usage: readonly RecordedUsage[]): Quote {
  const rows: QuoteRow[] = [];
  const total = { calls: 0, earned: zero, would: zero };
  const left = { calls: 0, earned: zero };
  for (const recorded of usage) {
    const { api, method, template: route, calls, earned } = recorded;
    const found = priceOf(current, next, recorded);
    const row = { api, method, route, calls, earned: formatUsdc(earned) };
    if (!found.ok) {
      left.calls += calls;
      left.earned = units(left.earned + earned);
      rows.push({ ...row, price: null, would_earn: null, difference: null, reason: found.reason });
      continue;
    }
    const would = units(found.price * BigInt(calls));
    total.calls += calls;
    total.earned = units(total.earned + earned);
    total.would = units(total.would + would);
    const difference = formatUsdc(subtract(would, earned));
    rows.push({ ...row, price: formatUsdc(found.price), would_earn: formatUsdc(would), difference, reason: null });
  }
  return {
    rows,
    total: {
      calls: total.calls,
      earned: formatUsdc(total.earned),
      would_earn: formatUsdc(total.would),
      difference: formatUsdc(subtract(total.would, total.earned)),
    },
    not_priced: { calls: left.calls, earned: formatUsdc(left.earned) },
  };
}

type Pattern = { method: string; template: string };
type Found = { ok: true; price: Units } | { ok: false; reason: string };

/** What is new in the changed catalog and may take calls that other routes took before. */
type Fresh = { routes: Route[]; mounts: string[] };

function priceOf(current: Config, next: Config, { method, template }: RecordedUsage): Found {
  // Without a parameter the template is the path itself, and the changed catalog says what it would be.
  if (method !== 'ANY' && !/\/(?::|\*$)/.test(template)) {
    const match = next.routes.match(method, template);
    if (match.kind === 'route') return priced(current, match.route, { method, template });
    return { ok: false, reason: 'would not be sold' };
  }
  const [same, twin] = routesOf(next).filter((route) => route.method === method && route.template === template);
  if (!same) return { ok: false, reason: 'is not in the changed catalog' };
  // A listed `ANY /*` and the price of an API go by one name, but only the second sells the mount itself.
  if (twin && twin.priceUnits !== same.priceUnits) return { ok: false, reason: 'is the name of two routes' };
  if (!sellsMountAlike(current, next, same))
    return { ok: false, reason: `no longer covers ${template.slice(0, -2)} itself` };
  const fresh = freshBeside(current, next, same);
  const mount = fresh.mounts.find((each) => each.length > same.api.mount.length && mayBeUnder(template, each));
  if (mount !== undefined) return { ok: false, reason: `some of its calls would be under the new mount ${mount}` };
  const rival = fresh.routes.find((route) => isBefore(route, { method, template }));
  if (rival) return { ok: false, reason: `some of its calls would be ${nameOf(rival)}` };
  return priced(current, same, { method, template });
}

/** Recorded usage counts what was paid for: messages cannot be priced as minutes, nor calls as either. */
function priced(current: Config, route: Route, recorded: Pattern): Found {
  const before = routesOf(current).find((known) => nameOf(known) === nameOf(recorded));
  if (before === undefined || before.websocket === route.websocket) return { ok: true, price: route.priceUnits };
  return {
    ok: false,
    reason: `would be paid by the ${route.websocket ?? 'call'}, not by the ${before.websocket ?? 'call'}`,
  };
}

/** A route that the current catalog does not have, or has at another mount, is measured against all others. */
function freshBeside(current: Config, next: Config, same: Route): Fresh {
  const others = routesOf(next).filter((route) => nameOf(route) !== nameOf(same));
  const mounts = next.apis.map((api) => api.mount);
  const before = routesOf(current);
  const stayed = before.some((route) => nameOf(route) === nameOf(same) && route.api.mount === same.api.mount);
  if (!stayed) return { routes: others, mounts };
  const known = new Set(before.map(nameOf));
  const knownMounts = new Set(current.apis.map((api) => api.mount));
  return {
    routes: others.filter((route) => !known.has(nameOf(route))),
    mounts: mounts.filter((mount) => !knownMounts.has(mount)),
  };
}

/** For the route of all paths of an API: whether calls to its bare mount are its own still, if they were. */
function sellsMountAlike(current: Config, next: Config, route: Route): boolean {
  if (!route.template.endsWith('/*')) return true;
  // Of the current catalog, which may have had the mount elsewhere.
  const mount = route.template.slice(0, -2);
  if (mount === '') return true;
  return [...methodsOf(current, next)].every((method) => {
    const [before, after] = [current, next].map(({ routes }) => routes.match(method, mount));
    if (before?.kind !== 'route' || nameOf(before.route) !== nameOf(route)) return true;
    return after?.kind === 'route' && after.route.priceUnits === route.priceUnits;
  });
}

/** One call by each method that a route of either catalog names, and by one that none does. */
function methodsOf(...catalogs: Config[]): Set<string> {
  const named = catalogs.flatMap((catalog) => routesOf(catalog).map((route) => route.method));
  return new Set([...named.filter((method) => method !== 'ANY'), 'GET', 'HEAD', 'A-METHOD-OF-NO-ROUTE']);
}

/** Whether a call of `known` could be taken by `route` instead. */
function isBefore(route: Pattern, known: Pattern): boolean {
  if (route.method !== known.method && route.method !== 'ANY' && known.method !== 'ANY') return false;
  const overlap = overlapOf(route.template, known.template);
  // The same paths: a named method comes before ANY.
  return overlap === 'before' || (overlap === 'same' && route.method !== 'ANY' && known.method === 'ANY');
}

/** The deepest mount owns a path, whether it has a route for it or not. */
function mayBeUnder(template: string, mount: string): boolean {
  const segments = template.split('/');
  return mount.split('/').every((text, at) => {
    const segment = segments[at] ?? segments.at(-1);
    return segment === text || segment === '*' || segment?.startsWith(':');
  });
}

function routesOf({ apis }: Config): Route[] {
  return apis.flatMap((api) => api.routes);
}

function nameOf({ method, template }: Pattern): string {
  return `${method} ${template}`;
}
