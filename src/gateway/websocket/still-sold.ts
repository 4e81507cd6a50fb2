import type { Config, Route } from '../../catalog/model.ts';

/**
 * Whether a catalog still sells what a WebSocket was opened for: the same route of the same API, to tokens or to anyone, by
 * the same unit, for the same payee, at the target that the connection leads to. Its price, limits, credentials and the
 * other targets are for connections opened from then on.
 */
export function isStillSold(
  { apis }: Config,
  { api, method, template, websocket, auth }: Route,
  origin: string,
): boolean {
  const now = apis.find(({ name }) => name === api.name);
  if (now?.payee !== api.payee) return false;
  if (now.upstream.basePath !== api.upstream.basePath || !now.upstream.origins.includes(origin)) return false;
  const route = now.routes.find((each) => each.method === method && each.template === template);
  return route !== undefined && route.websocket === websocket && route.auth === auth;
}

/** The same of the catalog in force, looked up once for each: it is asked before every message. */
export function watchSale(config: () => Config, route: Route, origin: string): () => boolean {
  let looked: Config | undefined;
  let isSold = true;
  return () => {
    const current = config();
    if (current !== looked) isSold = isStillSold(current, route, origin);
    looked = current;
    return isSold;
  };
}
