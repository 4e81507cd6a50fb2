import type { Api, Config } from '../catalog/model.ts';
import type { AddressGuard } from '../limits/addresses.ts';
import { throttleAddress } from './admit.ts';
import { type CallDeps, serveCall } from './call.ts';
import { corsFields, isPreflight, preflightFields } from './cors.ts';
import type { GatewayDeps } from './deps.ts';
import { type Exchange, endsConnection } from './exchange.ts';
import { readHead } from './head.ts';
import { readTarget } from './path.ts';
import type { Readings } from './readings.ts';
import { type Refusal, refuse } from './refuse.ts';

export type DispatchDeps = CallDeps &
  Pick<GatewayDeps, 'internal'> & {
    guardOf(config: Config): AddressGuard;
    guardOfApi(api: Api): AddressGuard;
    draining(): boolean;
    readings: Readings;
  };

/** Head, address, path, route: each step refuses or hands on. What is left is a sold call. */
export async function dispatch(deps: DispatchDeps, exchange: Exchange): Promise<void> {
  const { req, config } = exchange;
  const { limits } = config.gateway;
  const read = readHead(req, limits);
  if (!read.ok) return refuse(exchange, { ...read, close: true });
  const { head } = read;
  exchange.head = head;
  exchange.requestId = head.requestId ?? exchange.requestId;
  exchange.fields = corsFields(config.gateway.corsOrigins, head.origin);
  if (exchange.connection.requests === limits.requestsPerConnectionMax) endsConnection(exchange);
  if (deps.draining()) return refuse(exchange, shuttingDown);
  if (!deps.guardOf(config).admits(exchange.connection.address)) return refuse(exchange, addressBlocked);
  const flooded = throttleAddress(deps, exchange);
  if (flooded) return refuse(exchange, flooded);

  const target = readTarget(req.url ?? '', limits.targetBytesMax);
  if (!target.ok) return refuse(exchange, { ...target, close: target.code === 'bad_request' });
  const { path, query, encodedSlash, lenient } = target.target;
  if (isPreflight(head)) return answerPreflight(exchange);
  if (isInternal(path)) return serveInternal(deps, exchange, path);

  const match = config.routes.match(head.method, path);
  if (match.kind === 'not_found') return refuse(exchange, { ok: false, code: 'not_found' });
  if (match.kind === 'method_not_allowed') {
    return refuse(exchange, { ok: false, code: 'method_not_allowed', fields: ['allow', match.allow.join(', ')] });
  }
  const { route, rest } = match;
  exchange.route = route;
  if (!isAdmittedByApi(deps, exchange, route.api)) return refuse(exchange, addressBlockedByApi);
  if (route.websocket !== undefined) return refuse(exchange, upgradeRequired);
  if (encodedSlash && !route.api.encodedSlash) return refuse(exchange, noEncodedSlash);
  if (deps.readings.isDearer(head.method, rest, !lenient, route)) return refuse(exchange, dearerReading);
  const dearer = deps.readings.dearerMethods(head.method, rest, !lenient, route);
  if (dearer.length > 0) return refuse(exchange, dearerMethod(dearer));
  if ((head.contentLength ?? 0) > route.bodyBytesMax) {
    return refuse(exchange, { ok: false, code: 'body_too_large', detail: `at most ${route.bodyBytesMax} bytes` });
  }
  return serveCall(deps, exchange, route, (route.api.upstream.basePath + rest || '/') + query);
}

const shuttingDown: Refusal = { ok: false, code: 'shutting_down', fields: ['retry-after', '1'], close: true };
const addressBlocked: Refusal = { ok: false, code: 'address_blocked', close: true };
const upgradeRequired: Refusal = { ok: false, code: 'upgrade_required', fields: ['upgrade', 'websocket'], close: true };
const addressBlockedByApi: Refusal = { ok: false, code: 'address_blocked', detail: 'this API is closed to it' };
const noEncodedSlash: Refusal = { ok: false, code: 'bad_path', detail: 'this API takes no encoded slash' };

const dearerReading: Refusal = {
  ok: false,
  code: 'bad_path',
  detail: 'an upstream may read this path as a dearer route; spell it as that route is listed',
};

function isAdmittedByApi(deps: DispatchDeps, { connection }: Exchange, api: Api): boolean {
  if (api.blockAddresses.length === 0 && api.allowAddresses.length === 0) return true;
  return deps.guardOfApi(api).admits(connection.address);
}

function dearerMethod(methods: string[]): Refusal {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].sort().join(', ');
  const detail = 'this path is listed with other methods, at a higher price than unlisted calls';
  return { ok: false, code: 'method_not_allowed', detail, fields: ['allow', allow] };
}

function answerPreflight({ res, head, fields, requestId, end }: Exchange): void {
  end.status = 204;
  end.outcome = 'completed';
  res.writeHead(204, [...preflightFields(head, fields), 'x-request-id', requestId]);
  res.end();
}

/** Paths the gateway answers itself; the catalog lets nothing be mounted there. */
function isInternal(path: string): boolean {
  return path.startsWith('/_callora/') || path.startsWith('/.well-known/') || path === '/_callora';
}

/** Resolves when the answer has ended, so that a drain waits for it as for any other. */
function serveInternal(deps: DispatchDeps, exchange: Exchange, path: string): Promise<void> | void {
  const { req, res, fields, requestId } = exchange;
  for (let i = 0; i + 1 < fields.length; i += 2) res.setHeader(fields[i] ?? '', fields[i + 1] ?? '');
  res.setHeader('x-request-id', requestId);
  if (exchange.expectsContinue) res.writeContinue();
  exchange.own = path.startsWith('/.well-known/') ? '/.well-known/*' : '/_callora/*';
  if (!deps.internal(req, res, path)) {
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    return refuse(exchange, { ok: false, code: 'not_found' });
  }
  const bound = boundOwnAnswer(exchange);
  return new Promise((resolve) => {
    const over = () => {
      clearInterval(bound);
      noteOwnAnswer(exchange);
      resolve();
    };
    exchange.onGone = over;
    res.once('close', over);
  });
}

/** Idle times of a body that a client has to take an answer in: the largest has 2 MB, and lines are slow. */
const ownAnswerIdleTimes = 4;

/** A client that does not take its answer must not keep the connection for ever. */
function boundOwnAnswer({ res, config }: Exchange): NodeJS.Timeout {
  let waited = 0;
  return setInterval(() => {
    if (waited === ownAnswerIdleTimes) res.destroy();
    if (res.writableEnded) waited++;
  }, config.gateway.limits.bodyIdleTimeoutMs);
}

function noteOwnAnswer({ res, end }: Exchange): void {
  end.status = res.headersSent ? res.statusCode : 0;
  end.outcome = res.writableFinished ? 'completed' : 'client_gone';
  end.bytesOut = Number(res.getHeader('content-length') ?? 0);
}
