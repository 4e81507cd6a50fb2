import { formatUsdc, type Units } from '../money.ts';
import type { Api, Config } from './model.ts';
import type { ImportedRoute, Unusable } from './openapi.ts';
import { needsEncodedSlash, parsePattern, type RoutePattern, reservedBy, shapeOf } from './route-grammar.ts';

/** What an import would change: only new routes are written, everything there stays as it is. */
export type ImportPlan = {
  added: ImportedRoute[];
  /** Operations that the catalog sells already, at the price that stands there. */
  kept: { route: string; price: string }[];
  /** Listed routes that the document does not have. They stay until someone takes them out. */
  gone: { route: string; price: string }[];
  unusable: Unusable[];
};

/** `mount` is as in the catalog, `/` for the root; `encodedSlash` is that of the API if it is new. */
export function planImport(
  api: Api | undefined,
  mount: string,
  routes: readonly ImportedRoute[],
  refused: readonly Unusable[],
): ImportPlan {
  const plan: ImportPlan = { added: [], kept: [], gone: [], unusable: [...refused] };
  const listed = new Map(listedRoutes(api).map((route) => [shapeOf(route.pattern), route]));
  const seen = new Map<string, string>();
  const prefix = mount === '/' ? '' : mount;
  for (const route of routes) {
    const { operation, pattern } = route;
    const shape = shapeOf(pattern);
    const twin = seen.get(shape);
    const reserved = reservedBy(`${prefix}${pattern.path}`);
    const there = listed.get(shape) ?? listed.get(shapeOf({ ...pattern, method: 'ANY' }));
    const refuse = (reason: string) => plan.unusable.push({ operation, reason });
    if (twin !== undefined) refuse(`is the same route as ${twin}: what parameters are called does not tell them apart`);
    else if (there) plan.kept.push({ route: there.name, price: formatUsdc(there.priceUnits) });
    else if (reserved !== undefined) refuse(`is under ${reserved}, which the gateway answers itself`);
    else if (needsEncodedSlash(pattern) && !api?.encodedSlash) refuse('has %2F, which wants encoded_slash: true');
    else plan.added.push(route);
    seen.set(shape, operation);
  }
  const paths = new Set(routes.map(({ pattern }) => shapeOf({ ...pattern, method: 'ANY' })));
  for (const [shape, { name, pattern, priceUnits }] of listed) {
    if (pattern.segments.at(-1)?.kind === 'rest') continue;
    const there = pattern.method === 'ANY' ? paths.has(shape) : seen.has(shape);
    if (!there) plan.gone.push({ route: name, price: formatUsdc(priceUnits) });
  }
  return plan;
}

export function apiAt({ apis }: Config, mount: string): { api: Api; index: number } | undefined {
  const index = apis.findIndex((api) => (api.mount || '/') === mount);
  const api = apis[index];
  return api && { api, index };
}

type Listed = { name: string; pattern: RoutePattern; priceUnits: Units };

function listedRoutes(api: Api | undefined): Listed[] {
  if (!api) return [];
  const found: Listed[] = [];
  for (const { method, template, priceUnits } of api.routes) {
    const name = `${method} ${template.slice(api.mount.length)}`;
    const pattern = parsePattern(name);
    if (typeof pattern !== 'string') found.push({ name, pattern, priceUnits });
  }
  return found;
}
