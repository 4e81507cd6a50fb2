import type { Framing } from '../http1/response-framing.ts';
import type { AnswerFraming } from './answer-writer.ts';
import { type Exchange, endsConnection } from './exchange.ts';

/** A body of unknown length is chunked for who knows chunks; for HTTP/1.0 it ends with the connection. */
export function framingDown(exchange: Exchange, framing: Framing): AnswerFraming {
  if (framing.kind === 'none' || framing.kind === 'length') return framing;
  if (exchange.head.minor === 1) return chunked;
  endsConnection(exchange);
  return untilClose;
}

const chunked: AnswerFraming = { kind: 'chunked' };
const untilClose: AnswerFraming = { kind: 'until_close' };
