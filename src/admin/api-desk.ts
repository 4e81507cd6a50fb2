import type { Api, Config, SocketUnit } from '../catalog/model.ts';
import { GatewayError } from '../errors.ts';
import { formatUsdc } from '../money.ts';
import type { ApiPause, ApiPauses } from '../store/api-pauses.ts';
import { time } from './book-views.ts';
import { downReason, type UpstreamView } from './upstream-view.ts';

/** The APIs on sale, and the pause of one: what an operator does when an upstream misbehaves. */
export type ApiDesk = {
  apis(): Promise<{ items: ApiView[] }>;
  /** From the next call on every route of the API is refused, free ones too; running calls finish. */
  pauseApi(name: string, reason: string | undefined): Promise<PauseResult>;
  resumeApi(name: string): Promise<PauseResult>;
};

export type ApiView = {
  name: string;
  /** False for a paused name that the catalog does not hold now: the pause counts again when it comes back. */
  in_catalog: boolean;
  mount: string | null;
  upstream: string | null;
  /** Upstreams that get no calls now, and why; empty also when no gateway runs that could tell. */
  upstreams_down: { url: string; reason: string }[];
  payee: string | null;
  routes: number;
  paused_at: string | null;
  pause_reason: string | null;
  prices: { method: string; path: string; price: string; per: 'call' | SocketUnit; auth: string }[];
};

export type PauseResult = { api: string; outcome: 'paused' | 'resumed' | 'already' };

export type ApiDeskDeps = {
  config: () => Config;
  pauses: ApiPauses;
  /** Names that the gateway refuses now: what the call path reads. */
  paused: Set<string>;
  /** What the running gateway sees of its upstreams. */
  upstreams: () => UpstreamView[];
};

export function createApiDesk({ config, pauses, paused, upstreams }: ApiDeskDeps): ApiDesk {
  return {
    async apis() {
      const rows = new Map(pauses.list().map((row) => [row.api, row]));
      const seen = upstreams();
      const sold = config().apis.map((api) => apiView(api.name, api, rows.get(api.name), seen));
      const names = new Set(config().apis.map((api) => api.name));
      const gone = [...rows.values()].filter((row) => !names.has(row.api));
      return { items: [...sold, ...gone.map((row) => apiView(row.api, undefined, row, seen))] };
    },
    async pauseApi(name, reason) {
      const names = config().apis.map((api) => api.name);
      if (!names.includes(name)) {
        throw new GatewayError('not_found', `the catalog has no API "${name}", only ${names.join(', ')}`);
      }
      const added = pauses.add(name, reason ?? '');
      paused.add(name);
      return { api: name, outcome: added ? 'paused' : 'already' };
    },
    async resumeApi(name) {
      const known = config().apis.some((api) => api.name === name);
      const removed = pauses.remove(name);
      paused.delete(name);
      if (!removed && !known) throw new GatewayError('not_found', `no API "${name}" is paused or in the catalog`);
      return { api: name, outcome: removed ? 'resumed' : 'already' };
    },
  };
}

function apiView(name: string, api: Api | undefined, pause: ApiPause | undefined, seen: UpstreamView[]): ApiView {
  return {
    name,
    in_catalog: api !== undefined,
    mount: api?.mount ?? null,
    upstream: api ? api.upstream.origins.map((origin) => origin + api.upstream.basePath).join(', ') : null,
    upstreams_down: seen.flatMap((upstream) => {
      const reason = upstream.api === name ? downReason(upstream) : undefined;
      return reason === undefined ? [] : [{ url: upstream.origin, reason }];
    }),
    payee: api?.payee ?? null,
    routes: api?.routes.length ?? 0,
    paused_at: pause ? time(pause.atMs) : null,
    pause_reason: pause ? pause.reason : null,
    prices: (api?.routes ?? []).map(({ method, template, priceUnits, websocket, auth }) => ({
      method,
      path: template,
      price: formatUsdc(priceUnits),
      per: websocket ?? 'call',
      auth,
    })),
  };
}
