import type { Config, Route } from '../catalog/model.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { AnswerWriter } from './answer-writer.ts';
import type { CallEnd } from './call-record.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientView } from './client-view.ts';
import type { Head } from './head.ts';
import type { RequestBody } from './request-body.ts';

/**
 * One request and its answer on their way through the gateway: what every later step may need. No step behind the head
 * knows how the bytes travel: it reads `body` and writes `answer`.
 */
export type Exchange = {
  readonly request: RequestHead;
  /** What the head means; a stand-in while a refused head is answered. */
  head: Head;
  /** Undefined for a request without a body. */
  readonly body: RequestBody | undefined;
  readonly answer: AnswerWriter;
  /** The configuration this call began with; a reload does not touch it. */
  readonly config: Config;
  readonly connection: ClientConnection;
  /** The peer, or whom a trusted proxy names. */
  client: ClientView;
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
  readonly startMs: number;
  /** True once the connection has closed under the call. */
  clientGone: boolean;
  /** True when the gateway ends it because it stops. */
  cutOff: boolean;
  /** Called once when the connection closes under a running call. */
  onGone: (() => void) | undefined;
  /** Called when a client that was behind has read what was written. */
  onDrain: (() => void) | undefined;
  /** The client waits for `100 Continue` before it sends its body. */
  expectsContinue: boolean;
};

/** Makes this answer the last of its connection, and says so to the client, in one Connection field with what else it says. */
export function endsConnection(exchange: Exchange, saying = 'close'): void {
  if (exchange.connection.ended && saying === 'close') return;
  exchange.connection.ended = true;
  const { fields } = exchange;
  // An HTTP/1.0 client may have been told otherwise.
  const at = fields.indexOf('connection');
  if (at < 0) fields.push('connection', saying);
  else fields[at + 1] = saying;
}

/** `100 Continue`, when the client waits for it: its body is wanted. */
export function wantsBody(exchange: Exchange): void {
  if (!exchange.expectsContinue) return;
  exchange.expectsContinue = false;
  exchange.answer.informational(100, []);
}
