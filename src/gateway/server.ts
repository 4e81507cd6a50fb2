import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Api, Config, GatewayLimits, Route } from '../catalog/model.ts';
import type { ErrorCode } from '../errors.ts';
import { createAddressGuard } from '../limits/addresses.ts';
import { createPlaces } from '../limits/places.ts';
import { createRatePolicies } from '../limits/rate-policies.ts';
import { newEnd } from './call-record.ts';
import { type Connections, createConnections } from './connections.ts';
import type { GatewayDeps } from './deps.ts';
import { type DispatchDeps, dispatch } from './dispatch.ts';
import { type Exchange, removeExchange } from './exchange.ts';
import { createFieldRules } from './fields.ts';
import { unreadHead } from './head.ts';
import { prepareRoute } from './prepared.ts';
import { createReadings } from './readings.ts';
import { refuse } from './refuse.ts';
import { reportEnd, reportUnread } from './report.ts';

export type Gateway = {
  /** Starts listening where the configuration says; resolves with the port, which a port of 0 lets the system choose. */
  listen(): Promise<{ port: number }>;
  /** Refuses new calls, lets running ones finish within the configured time, then ends every connection. */
  drain(): Promise<void>;
  stats(): { connections: number; running: number; draining: boolean };
};

/** Idle keep-alive connections are held this long, ms: past a client's think time, short enough to shed them. */
const keepAliveTimeoutMs = 15_000;

/** What calls that a drain cuts off may take to write their end, ms. */
const cutOffMs = 2_000;

export function createGateway(deps: GatewayDeps): Gateway {
  const connections = createConnections((code, address) => reportUnread(deps, code, address));
  let running = 0;
  const nextRequestId = createRequestIds();
  let draining = false;
  let whenIdle: (() => void) | undefined;
  const joined = joinDeps(deps, () => draining);

  function onRequest(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    const connection = connections.of(req.socket);
    if (!connection) {
      req.socket.destroy();
      return;
    }
    connection.requests++;
    if (connection.ended) return;
    const exchange: Exchange = {
      req,
      res,
      head: unreadHead,
      config: deps.config(),
      connection,
      requestId: nextRequestId(),
      fields: [],
      route: undefined,
      own: undefined,
      end: newEnd(),
      startMs: deps.clock.monotonicMs(),
      clientGone: false,
      refused: false,
      onGone: undefined,
      expectsContinue,
    };
    connection.exchanges.push(exchange);
    running++;
    // Writing to an answer whose client has just left fails; the close that follows is what counts.
    res.on('error', ignore);
    void run(exchange);
  }

  async function run(exchange: Exchange): Promise<void> {
    try {
      await dispatch(joined, exchange);
    } catch (error) {
      answerFailure(deps, exchange, error);
    } finally {
      removeExchange(exchange);
      reportEnd(deps, exchange);
      running--;
      if (running === 0) whenIdle?.();
    }
  }

  async function idle(waitMaxMs: number): Promise<void> {
    if (running === 0) return;
    const stop = new AbortController();
    const ended = new Promise<void>((resolve) => {
      whenIdle = resolve;
    });
    await Promise.race([ended, deps.clock.sleep(waitMaxMs, stop.signal)]);
    stop.abort();
  }

  const server = openServer(deps.config().gateway.limits, connections, onRequest);
  server.on('connection', (socket) => connections.accept(socket, deps.config().gateway.limits));

  return {
    listen() {
      const { host, port } = deps.config().gateway.listen;
      return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, backlog: 4096 }, () => {
          server.off('error', reject);
          const bound = server.address();
          resolve({ port: typeof bound === 'object' && bound ? bound.port : port });
        });
      });
    },
    async drain() {
      draining = true;
      // Until the last running call ends the listener stays open: a refusal with 503 sends a client elsewhere, while a
      // closed port looks like a dead host.
      await idle(deps.config().gateway.limits.drainTimeoutMs);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      // Calls cut off just now still write how they ended.
      await idle(cutOffMs);
    },
    stats: () => ({ connections: connections.open(), running, draining }),
  };
}

/** What the steps of a call share, made once. Per-catalog values are kept with the objects of that catalog. */
function joinDeps(deps: GatewayDeps, draining: () => boolean): DispatchDeps {
  return {
    ...deps,
    ratesOf: createRatePolicies(),
    calls: createPlaces(),
    payers: new WeakMap(),
    rules: createFieldRules(),
    readings: createReadings(),
    prepared: remembered((route: Route) => prepareRoute(route, deps.resolve.routeId)),
    guardOf: remembered((config: Config) =>
      createAddressGuard({ block: config.gateway.blockAddresses, allow: config.gateway.allowAddresses }),
    ),
    guardOfApi: remembered((api: Api) => createAddressGuard({ block: api.blockAddresses, allow: api.allowAddresses })),
    draining,
  };
}

function remembered<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const values = new WeakMap<Key, Value>();
  return (key) => {
    const known = values.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    values.set(key, value);
    return value;
  };
}

/**
 * Node's parser with its bounds set, and its own answers turned into ours. Header fields are counted by `readHead`:
 * Node's own maximum cuts the list silently, and a field that nobody sees is a way in.
 */
function openServer(
  limits: GatewayLimits,
  connections: Connections,
  onRequest: (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean) => void,
): Server {
  const server = createServer({
    insecureHTTPParser: false,
    requireHostHeader: false,
    maxHeaderSize: limits.headBytesMax,
    headersTimeout: limits.headTimeoutMs,
    // Bodies are bounded by their idle time instead: a whole upload may take as long as it makes progress.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1000, limits.headTimeoutMs),
    keepAliveTimeout: keepAliveTimeoutMs,
    optimizeEmptyRequests: true,
  });
  server.maxHeadersCount = 0;
  server.on('request', (req, res) => onRequest(req, res, false));
  server.on('checkContinue', (req, res) => onRequest(req, res, true));
  server.on('checkExpectation', (req) =>
    connections.end(req.socket, 'bad_request', 'an expectation is not understood'),
  );
  server.on('connect', (req) => connections.end(req.socket, 'not_implemented', 'CONNECT is not forwarded'));
  server.on('clientError', (error, socket) => {
    if (isSocket(socket)) connections.end(socket, codeOfClientError(error), undefined);
  });
  return server;
}

function codeOfClientError(error: Error): ErrorCode {
  const code = 'code' in error ? error.code : '';
  if (code === 'HPE_HEADER_OVERFLOW') return 'head_too_large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  return 'bad_request';
}

function isSocket(socket: unknown): socket is Socket {
  return typeof socket === 'object' && socket !== null && 'destroySoon' in socket;
}

function answerFailure(deps: GatewayDeps, exchange: Exchange, error: unknown): void {
  deps.log.error({ err: error, request: exchange.requestId }, 'the gateway failed on a request');
  try {
    exchange.end.outcome = 'internal';
    if (exchange.res.headersSent) exchange.req.socket.destroy();
    else refuse(exchange, { ok: false, code: 'internal', close: true });
  } catch (cause) {
    deps.log.error({ err: cause, request: exchange.requestId }, 'and could not say so');
    exchange.req.socket.destroy();
  }
}

/** Ids of requests that brought none: unique over restarts by a random prefix, and cheap. */
function createRequestIds(): () => string {
  const prefix = randomBytes(6).toString('hex');
  let count = 0;
  return () => `${prefix}-${(++count).toString(36)}`;
}

function ignore(): void {}
