import type { Api, Config, RouteMatch } from '../catalog/model.ts';
import type { AddressGuard } from '../limits/addresses.ts';
import { clientOf, type TrustedProxies } from '../limits/client-address.ts';
import { throttleAddress } from './admit.ts';
import { serveCall } from './call.ts';
import { clientView } from './client-view.ts';
import { type CorsRules, isPreflight } from './cors.ts';
import { type Exchange, endsConnection } from './exchange.ts';
import type { HeadResult } from './head.ts';
import { type KeyedDeps, serveKeyed } from './idempotent.ts';
import { countDown } from './max-forwards.ts';
import type { OwnPages } from './own-pages.ts';
import { turnedAway } from './pages-host.ts';
import { readTarget } from './path.ts';
import type { Readings } from './readings.ts';
import { type Refusal, refuse } from './refuse.ts';
import { refuseForUpgrade, type SocketDeps, serveSocket } from './websocket/serve-socket.ts';

export type DispatchDeps = SocketDeps &
  KeyedDeps & {
    ownPages: OwnPages;
    guardOf(config: Config): AddressGuard;
    guardOfApi(api: Api): AddressGuard;
    proxiesOf(config: Config): TrustedProxies;
    corsOf(config: Config): CorsRules;
    readings: Readings;
  };

/** Head, address, path, route: each step refuses or hands on. What is left is a sold call. */
export function dispatch(deps: DispatchDeps, exchange: Exchange, read: HeadResult): Promise<void> | void {
  if (!read.ok) return refuse(exchange, { ...read, close: true });
  const { head, config } = exchange;
  const { limits, publicUrl } = config.gateway;
  // Whoever names no host has asked for the one that consumers know: nothing else may be made of it further on.
  if (head.host === '') head.host = new URL(publicUrl).host;
  const cors = deps.corsOf(config);
  exchange.fields = cors.own.fields(head.origin);
  const corsLength = exchange.fields.length;
  const isLast = !head.persistent || exchange.connection.requests === limits.requestsPerConnectionMax;
  // A 101 names nothing but the upgrade in Connection, and the refusal of one ends it anyway.
  if (isLast && !head.socket) endsConnection(exchange);
  else if (head.minor === 0) exchange.fields.push('connection', 'keep-alive');
  if (deps.draining()) return refuse(exchange, shuttingDown);
  if (config.gateway.trustedProxies.length > 0) {
    const client = clientOf(exchange.client.address, exchange.request.fields, deps.proxiesOf(config));
    if (!client) return refuse(exchange, unreadableClient(config));
    if (client.via.length > 0) exchange.client = clientView(client);
  }
  if (!deps.guardOf(config).admits(exchange.client.address)) return refuse(exchange, addressBlocked);
  const flooded = throttleAddress(deps, exchange);
  if (flooded) return refuse(exchange, flooded);

  const target = readTarget(exchange.request.target, limits.targetBytesMax);
  if (!target.ok) return refuse(exchange, { ...target, close: target.code === 'bad_request' });
  const { path, canonical, query, encodedSlash, lenient } = target.target;
  const isOwn = isInternal(path);
  const { pagesUrl } = config.gateway;
  if (pagesUrl !== undefined && turnedAway(exchange, pagesUrl, path, query, isOwn)) return;
  const apiCors = isOwn ? cors.own : cors.at(path);
  if (isPreflight(head)) {
    return answerOptions(exchange, apiCors.preflight(head, isOwn ? [] : config.routes.methodsAt(path)));
  }
  if (apiCors !== cors.own) exchange.fields.splice(0, corsLength, ...apiCors.fields(head.origin));
  if (isOwn) return head.socket ? refuse(exchange, noUpgrade) : deps.ownPages.serve(exchange, path);

  const match = config.routes.match(head.method, path);
  if (canonical !== path && !isSameRoute(match, config.routes.match(head.method, canonical))) {
    return refuse(exchange, {
      ok: false,
      code: 'bad_path',
      detail: `this path is listed in another spelling: ${canonical}`,
    });
  }
  if (match.kind === 'not_found') return refuse(exchange, { ok: false, code: 'not_found' });
  if (match.kind === 'method_not_allowed') {
    return refuse(exchange, { ok: false, code: 'method_not_allowed', fields: ['allow', match.allow.join(', ')] });
  }
  const { route, rest } = match;
  exchange.route = route;
  if (!isAdmittedByApi(deps, exchange, route.api)) return refuse(exchange, addressBlockedByApi);
  const forwards = countDown(exchange);
  if (forwards === 'unreadable') return refuse(exchange, noForwards);
  if (forwards === 'here') return answerOptions(exchange, [...apiCors.fields(head.origin), ...allowAt(config, path)]);
  if (head.socket !== (route.websocket !== undefined)) {
    return head.socket ? refuse(exchange, noUpgrade) : refuseForUpgrade(exchange);
  }
  if (encodedSlash && !route.api.encodedSlash) return refuse(exchange, noEncodedSlash);
  if (deps.readings.isDearer(head.method, rest, !lenient, route, config.apis)) return refuse(exchange, dearerReading);
  const dearer = deps.readings.dearerMethods(head.method, rest, !lenient, route, config.apis);
  if (dearer.length > 0) return refuse(exchange, dearerMethod(dearer));
  if ((head.contentLength ?? 0) > route.bodyBytesMax) {
    return refuse(exchange, { ok: false, code: 'body_too_large', detail: `at most ${route.bodyBytesMax} bytes` });
  }
  if (head.socket) return serveSocket(deps, exchange, route, rest + query);
  if (head.idempotencyKey !== undefined && route.auth === 'token')
    return serveKeyed(deps, exchange, route, rest + query);
  return serveCall(deps, exchange, route, rest + query);
}

const shuttingDown: Refusal = { ok: false, code: 'shutting_down', fields: ['retry-after', '1'], close: true };
const addressBlocked: Refusal = { ok: false, code: 'address_blocked', close: true };
const noUpgrade: Refusal = { ok: false, code: 'not_implemented', detail: 'this path opens no WebSocket' };
const addressBlockedByApi: Refusal = { ok: false, code: 'address_blocked', detail: 'this API is closed to it' };
const noEncodedSlash: Refusal = { ok: false, code: 'bad_path', detail: 'this API takes no encoded slash' };

const noForwards: Refusal = { ok: false, code: 'bad_request', detail: 'Max-Forwards is not one number' };

const dearerReading: Refusal = {
  ok: false,
  code: 'bad_path',
  detail: 'an upstream may read this path as a dearer route; spell it as that route is listed',
};

/** A path that is spelt otherwise than the catalog spells it is sold where its own spelling would be, or not at all. */
function isSameRoute(match: RouteMatch, other: RouteMatch): boolean {
  return match.kind === other.kind && (match.kind !== 'route' || other.kind !== 'route' || match.route === other.route);
}

function unreadableClient({ gateway }: Config): Refusal {
  const detail = `the trusted proxy names no readable address in ${gateway.forwardedField}`;
  return { ok: false, code: 'bad_request', detail, close: true };
}

function isAdmittedByApi(deps: DispatchDeps, { client }: Exchange, api: Api): boolean {
  if (api.blockAddresses.length === 0 && api.allowAddresses.length === 0) return true;
  return deps.guardOfApi(api).admits(client.address);
}

function dearerMethod(methods: string[]): Refusal {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].sort().join(', ');
  const detail = 'a listed route of this path costs more than unlisted calls, so only the methods in allow are sold';
  return { ok: false, code: 'method_not_allowed', detail, fields: ['allow', allow] };
}

/** Needs no token: browsers never send one with a preflight, and what is sold anyone may read. */
function answerOptions(exchange: Exchange, told: string[]): void {
  const { answer, body, requestId, end, connection } = exchange;
  end.status = 204;
  end.outcome = 'completed';
  // Nobody reads it, and so nobody can tell what comes behind it.
  if (body && !body.complete) endsConnection(exchange);
  const fields = [...told, 'x-request-id', requestId];
  if (connection.ended) fields.push('connection', 'close');
  answer.head(204, fields, { kind: 'none' });
  answer.end();
}

/** An API that sells any method has no list of them. */
function allowAt(config: Config, path: string): string[] {
  const methods = config.routes.methodsAt(path);
  return methods.includes('ANY') ? [] : ['allow', methods.join(', ')];
}

/** Paths the gateway answers itself; the catalog lets nothing be mounted there. */
function isInternal(path: string): boolean {
  return path.startsWith('/_callora/') || path.startsWith('/.well-known/') || path === '/_callora';
}
