import type { ErrorCode } from '../errors.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { AnswerWriter } from './answer-writer.ts';
import { newEnd } from './call-record.ts';
import type { ClientConnection } from './client-connection.ts';
import { createConnections } from './connections.ts';
import { createDateText } from './date-text.ts';
import type { GatewayDeps } from './deps.ts';
import { dispatch } from './dispatch.ts';
import type { Exchange } from './exchange.ts';
import { readHead, unreadHead } from './head.ts';
import { joinDeps } from './join-deps.ts';
import { createListener } from './listener.ts';
import { rawRefusal, refuse } from './refuse.ts';
import { reportEnd, reportUnread } from './report.ts';
import { RequestBody } from './request-body.ts';
import { createRequestIds } from './request-ids.ts';

export type Gateway = {
  /** Starts listening where the configuration says; resolves with the port, which a port of 0 lets the system choose. */
  listen(): Promise<{ port: number }>;
  /** Refuses new calls, lets running ones finish within the configured time, then ends every connection. */
  drain(): Promise<void>;
  stats(): { connections: number; sockets: number; running: number; draining: boolean };
};

/** What calls that a drain cuts off may take to write their end, ms. */
const cutOffMs = 2_000;
/** How often connections are looked at for what is overdue, ms: time-outs are late by this at most. */
const timeCheckMs = 500;

export function createGateway(deps: GatewayDeps): Gateway {
  let running = 0;
  let draining = false;
  let whenIdle: (() => void) | undefined;
  let timeChecks: Promise<void> | undefined;
  const drained = new AbortController();
  const nextRequestId = createRequestIds();
  const dateText = createDateText(deps.clock);
  const joined = joinDeps(deps, () => draining);
  const connections = createConnections({
    events: {
      onRequest,
      onFault: (connection, code, detail) => void connection.socket.write(refusal(code, connection.address, detail)),
      nowMs: deps.clock.monotonicMs,
    },
    refusal,
    isProxy: (address) => joined.proxiesOf(deps.config()).trusts(address),
  });

  /** Of what never became a request. */
  function refusal(code: ErrorCode, address: string, detail?: string): string {
    const requestId = nextRequestId();
    reportUnread(deps, code, address, requestId);
    return rawRefusal(code, detail, requestId, dateText());
  }

  function onRequest(connection: ClientConnection, request: RequestHead): void {
    const read = readHead(request);
    const head = read.ok ? read.head : unreadHead;
    const exchange: Exchange = {
      request,
      head,
      body: read.ok && head.hasBody ? new RequestBody(connection, head.contentLength) : undefined,
      answer: new AnswerWriter(connection.socket, connection.reset, dateText),
      config: deps.config(),
      connection,
      client: connection.peer,
      requestId: head.requestId ?? nextRequestId(),
      fields: [],
      route: undefined,
      own: undefined,
      end: newEnd(),
      startMs: deps.clock.monotonicMs(),
      clientGone: false,
      cutOff: false,
      onGone: undefined,
      onDrain: undefined,
      expectsContinue: head.expectsContinue,
    };
    connection.begin(exchange);
    running++;
    let over: Promise<void> | undefined;
    try {
      over = dispatch(joined, exchange, read) ?? undefined;
    } catch (error) {
      answerFailure(deps, exchange, error);
    }
    if (over)
      over.then(
        () => end(exchange),
        (error: unknown) => {
          answerFailure(deps, exchange, error);
          end(exchange);
        },
      );
    else end(exchange);
  }

  function end(exchange: Exchange): void {
    reportEnd(deps, exchange);
    running--;
    exchange.connection.done();
    if (running === 0) whenIdle?.();
  }

  async function checkTimes(): Promise<void> {
    while (!drained.signal.aborted) {
      await deps.clock.sleep(timeCheckMs, drained.signal);
      connections.checkTime();
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

  const { certificate } = deps;
  const listener = createListener({
    admits: (raw) => connections.admits(raw, deps.config().gateway.limits, certificate === undefined),
    onSocket: (socket, raw) => connections.begin(socket, raw, deps.config().gateway.limits),
    tls: certificate && {
      certificate,
      handshakeTimeoutMs: deps.config().gateway.limits.tlsHandshakeTimeoutMs,
    },
  });

  return {
    async listen() {
      const bound = await listener.listen(deps.config().gateway.listen);
      timeChecks = checkTimes();
      return bound;
    },
    async drain() {
      draining = true;
      // They would not end by themselves, and their clients can open them elsewhere.
      for (const socket of joined.sockets) socket.leave();
      // Until the last running call ends the listener stays open: a refusal with 503 sends a client elsewhere, while a
      // closed port looks like a dead host.
      await idle(deps.config().gateway.limits.drainTimeoutMs);
      const closed = listener.close();
      connections.destroyAll();
      await closed;
      // Calls cut off just now still write how they ended.
      await idle(cutOffMs);
      drained.abort();
      await timeChecks;
      joined.ownPages.close();
    },
    stats: () => ({ connections: connections.open(), sockets: joined.sockets.size, running, draining }),
  };
}

function answerFailure(deps: GatewayDeps, exchange: Exchange, error: unknown): void {
  deps.log.error({ err: error, request: exchange.requestId }, 'the gateway failed on a request');
  exchange.end.outcome = 'internal';
  try {
    if (exchange.answer.headSent) exchange.answer.break();
    else refuse(exchange, { ok: false, code: 'internal', close: true });
  } catch (cause) {
    deps.log.error({ err: cause, request: exchange.requestId }, 'and could not say so');
    exchange.connection.socket.destroy();
  }
}
