import type { Api, Config, Route } from '../catalog/model.ts';
import { formatUsdc } from '../money.ts';
import { type Finding, warn } from './finding.ts';

/**
 * Two APIs of the very same part of a server are two prices for all of it. That can be meant; a route that one of them
 * lists at a price, and that the other one sells for less without a word about it, is more likely an oversight.
 */
export function checkPrices(config: Config): Finding[] {
  const { apis } = config;
  return apis.flatMap((api) => apis.flatMap((other) => (isSamePart(api, other) ? compare(config, api, other) : [])));
}

function isSamePart(api: Api, other: Api): boolean {
  if (api === other || api.upstream.basePath !== other.upstream.basePath) return false;
  return api.upstream.origins.some((origin) => other.upstream.origins.includes(origin));
}

/** What `api` sells for less of what `other` lists. */
function compare(config: Config, api: Api, other: Api): Finding[] {
  const cheaper = other.routes.flatMap((dear) => {
    const route = dear.template === `${other.mount}/*` ? undefined : soldAs(config, api, dear);
    return route && isLess(route, dear) ? [{ route, dear }] : [];
  });
  const [first] = cheaper;
  if (!first) return [];
  const { route, dear } = first;
  const cost = route.auth === 'none' ? 'is open to anyone' : `costs ${formatUsdc(route.priceUnits)}`;
  const more = cheaper.length === 1 ? '' : ` (and ${cheaper.length - 1} more of ${other.name})`;
  const what = `${dear.method} ${api.mount}${pathOf(dear)} ${cost} and reaches what ${dear.method} ${dear.template} sells for ${formatUsdc(dear.priceUnits)}${more}`;
  const [origin] = api.upstream.origins;
  return [warn('prices', `${what}: list it in ${api.name} too, or give the two APIs parts of ${origin} of their own`)];
}

/** The route of `api` that a call of `dear` would be, written under its mount; none that is listed just so. */
function soldAs({ routes }: Config, api: Api, dear: Route): Route | undefined {
  const path = pathOf(dear)
    .replace(/\/:\w+/g, '/x')
    .replace(/\/\*$/, '/x');
  const match = routes.match(dear.method === 'ANY' ? 'GET' : dear.method, api.mount + path);
  if (match.kind !== 'route' || match.route.api !== api || pathOf(match.route) === pathOf(dear)) return undefined;
  return (match.route.websocket === undefined) === (dear.websocket === undefined) ? match.route : undefined;
}

function isLess(route: Route, dear: Route): boolean {
  return route.priceUnits < dear.priceUnits || (route.auth === 'none' && dear.auth === 'token');
}

/** As listed, behind the mount. */
function pathOf({ api, template }: Route): string {
  return template.slice(api.mount.length);
}
