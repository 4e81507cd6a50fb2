import assert from 'node:assert/strict';
import { compileChargeOn } from './charge-on.ts';
import { compileRates } from './compile-rates.ts';
import { compileUpstream } from './compile-upstream.ts';
import type { Api, Config, CorsPolicy, Route, UpstreamTls } from './model.ts';
import type { ApiDraft } from './parse.ts';
import { createRouteTable, type RouteEntry } from './route-table.ts';
import type { ApiSettings, RouteSettings } from './schema.ts';
import type { ApiHeaders, Secrets } from './secrets.ts';

/** Compiles APIs and their routes; `bodyBytesMax` holds where neither an API nor a route has a limit of its own. */
export function compileApis(
  drafts: ApiDraft[],
  { headers, upstreamTls }: Pick<Secrets, 'headers' | 'upstreamTls'>,
  bodyBytesMax: number,
): Pick<Config, 'apis' | 'routes'> {
  const entries: RouteEntry[] = [];
  const apis = drafts.map((draft) => {
    const settings = draft.settings as ApiSettings;
    const api = compileApi(settings, headers.get(draft) ?? { fields: [], secrets: [] }, upstreamTls.get(draft));
    const compile = routeCompiler(api, settings, bodyBytesMax);
    for (const { settings: listed } of draft.routes) {
      const { match, ...rest } = listed as RouteSettings;
      const route = compile({ method: match.method, path: match.path }, rest, entries.length);
      entries.push({ route, segments: match.segments });
    }
    if (settings.price !== undefined) {
      const route = compile({ method: 'ANY', path: '/*' }, { auth: 'token' }, entries.length);
      entries.push({ route, segments: undefined });
    }
    return api;
  });
  for (const { route } of entries) route.api.routes.push(route);
  return { apis, routes: createRouteTable(entries, apis) };
}

function compileApi(settings: ApiSettings, headers: ApiHeaders, tls: UpstreamTls | undefined): Api {
  return {
    name: settings.name,
    payee: settings.payee,
    mount: settings.mount === '/' ? '' : settings.mount,
    upstream: compileUpstream(settings, tls),
    headers: headers.fields,
    secrets: headers.secrets,
    signedContext: settings.signed_context,
    cors: settings.cors && compileCors(settings.cors),
    encodedSlash: settings.encoded_slash,
    rates: compileRates({ ...settings.rates, account: settings.rate ?? settings.rates.account }),
    callsPerAccountMax: settings.calls_per_account_max,
    blockAddresses: settings.block_addresses,
    allowAddresses: settings.allow_addresses,
    routes: [],
  };
}

function compileCors({ max_age: maxAgeMs, ...cors }: NonNullable<ApiSettings['cors']>): CorsPolicy {
  return { ...cors, headers: cors.headers, maxAgeS: Math.floor(maxAgeMs / 1000) };
}

/** Joins what a route says with what its API says for all of them. */
function routeCompiler(api: Api, settings: ApiSettings, bodyBytesMax: number) {
  return (
    { method, path }: { method: string; path: string },
    listed: Omit<RouteSettings, 'match'>,
    index: number,
  ): Route => {
    const priceUnits = listed.websocket?.price ?? listed.price ?? settings.price;
    assert(priceUnits !== undefined, 'a route has a price of its own or of its API');
    return {
      index,
      api,
      method,
      template: api.mount + path,
      priceUnits,
      websocket: listed.websocket?.per,
      auth: listed.auth,
      charges: compileChargeOn(listed.charge_on ?? settings.charge_on ?? ['2xx']),
      timeoutMs: listed.timeout ?? settings.timeout,
      bodyBytesMax: listed.body_bytes_max ?? settings.body_bytes_max ?? bodyBytesMax,
      cacheable: listed.cacheable ?? settings.cacheable,
      passesPaymentRequired: listed.pass_payment_required ?? settings.pass_payment_required,
      description: listed.description ?? settings.description,
    };
  };
}
