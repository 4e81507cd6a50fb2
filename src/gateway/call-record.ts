import type { FinishOutcome } from '../billing/charging.ts';
import type { Route } from '../catalog/model.ts';
import { type ErrorCode, errorTable } from '../errors.ts';
import { type Units, zero } from '../money.ts';

/** What steps of a call note down for its end, whichever way it ends. */
export type CallEnd = {
  /** 0 while the call has no id: it was not admitted. */
  callId: number;
  account: string | undefined;
  /** Status the client was sent; 0 when nothing was. */
  status: number;
  /** How it ended; the error code of a refusal. */
  outcome: CallOutcome;
  /** What the call costs, refunds taken off. */
  paid: Units;
  bytesIn: number;
  bytesOut: number;
  overheadMs: number;
  /** Error type of RFC 9209 when the upstream gave no answer. */
  upstreamError: string | undefined;
  /** Set once a WebSocket has opened: how long that took, and the client's messages that went on. */
  socket: { openedMs: number; messages: number } | undefined;
};

/** `replayed` is an answer that an Idempotency-Key had kept. */
export type CallOutcome = FinishOutcome | 'replayed' | ErrorCode;

/** The code of a refusal; undefined for calls that ended otherwise. */
export function refusalOf(outcome: CallOutcome): ErrorCode | undefined {
  return outcome in errorTable ? (outcome as ErrorCode) : undefined;
}

/** One request at its end, for the access log and the metrics: ids, sizes and times; never a path, a query or a token. */
export type CallRecord = CallEnd & {
  requestId: string;
  /** Undefined before the path matched, and on the gateway's own pages. */
  route: Route | undefined;
  /** Which of the gateway's own pages answered: a prefix, for they are not sold. */
  own: string | undefined;
  method: string;
  minor: 0 | 1;
  /** Plain address of the client. */
  address: string;
  durationMs: number;
};

/** A request nobody has answered yet has been left by its client. */
export function newEnd(): CallEnd {
  return {
    callId: 0,
    account: undefined,
    status: 0,
    outcome: 'client_gone',
    paid: zero,
    bytesIn: 0,
    bytesOut: 0,
    overheadMs: 0,
    upstreamError: undefined,
    socket: undefined,
  };
}
