import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config, Route } from '../catalog/model.ts';
import type { CallEnd } from './call-record.ts';
import type { Head } from './head.ts';

/** A client connection and the calls that run on it. */
export type Connection = {
  /** Plain address of the peer. */
  readonly address: string;
  /** Calls that have not ended, nearly always one. */
  readonly exchanges: Exchange[];
  /** Requests begun so far. */
  requests: number;
  /** True once an answer says that it is the last: what a client sends behind it is not looked at. */
  ended: boolean;
};

/** One request and its answer on their way through the gateway: what every later step may need. */
export type Exchange = {
  req: IncomingMessage;
  res: ServerResponse;
  head: Head;
  /** The configuration this call began with; a reload does not touch it. */
  config: Config;
  connection: Connection;
  requestId: string;
  /** Flat pairs that stand on every answer of this exchange, refusals included: CORS, RateLimit. */
  fields: string[];
  /** Set once the path matched. */
  route: Route | undefined;
  /** Prefix of the gateway's own pages, when one of them answers. */
  own: string | undefined;
  /** What the access log and the metrics are told when all is over. */
  readonly end: CallEnd;
  /** Monotonic ms of arrival. */
  startMs: number;
  /** True once the connection has closed; Node does not tell so for an answer that still waits in a pipeline. */
  clientGone: boolean;
  /** Called once when the connection closes under a running call. */
  onGone: (() => void) | undefined;
  /** True once a refusal has been written: nothing more is to come but its last bytes. */
  refused: boolean;
  /** The client waits for `100 Continue` before it sends its body. */
  expectsContinue: boolean;
};

export function removeExchange(exchange: Exchange): void {
  const { exchanges } = exchange.connection;
  const at = exchanges.indexOf(exchange);
  if (at >= 0) exchanges.splice(at, 1);
}

/** Makes this answer the last of its connection, and says so to the client. */
export function endsConnection(exchange: Exchange): void {
  if (exchange.connection.ended) return;
  exchange.connection.ended = true;
  exchange.fields.push('connection', 'close');
}
