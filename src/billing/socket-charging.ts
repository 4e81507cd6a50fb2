import { type FinishOutcome, givenMsMax } from './charging.ts';

/**
 * Who ended a WebSocket: either side with a close frame, or whoever broke off, broke the protocol or stopped it. An upstream that
 * hangs up on a client that let it wait was ended by that client.
 */
export type SocketCause = 'closed' | 'client' | 'upstream' | 'gateway';

export type SocketPurchase =
  /** A connection or a minute, and for how long the client had it: undefined before its 101, and of a minute not begun. */
  | { kind: 'time'; givenMs: number | undefined }
  /** How much of it has been handed to the upstream's socket. */
  | { kind: 'message'; handed: 'nothing' | 'a part' | 'all' };

export type PurchaseEnd = { outcome: FinishOutcome; decision: 'charge' | 'refund' };

/**
 * The public rule about the money of a WebSocket, whole. Everything is charged before it is given, so only refunds are
 * to be decided: whatever could not be opened or handed on at all goes back, and so does the minute, the message or the
 * young connection in which the upstream broke off, or a message that the gateway cut. What a client breaks off itself, or
 * has its upstream break off, it has paid.
 */
export function endOfPurchase(purchase: SocketPurchase, cause: SocketCause): PurchaseEnd {
  if (purchase.kind === 'message') {
    if (purchase.handed === 'all') return { outcome: 'completed', decision: 'charge' };
    return purchase.handed === 'a part' ? cutMessage[cause] : { outcome: ungiven[cause], decision: 'refund' };
  }
  const { givenMs } = purchase;
  if (givenMs === undefined) return { outcome: ungiven[cause], decision: 'refund' };
  const end = openTime[cause];
  return givenMs < givenMsMax ? end : { ...end, decision: 'charge' };
}

const ungiven: Record<SocketCause, FinishOutcome> = {
  closed: 'upstream_broke',
  client: 'client_gone',
  upstream: 'upstream_broke',
  gateway: 'gateway_failed',
};

/** The gateway ends an open connection for a reason that the client was told: nothing was taken from it. */
const openTime: Record<SocketCause, PurchaseEnd> = {
  closed: { outcome: 'completed', decision: 'charge' },
  client: { outcome: 'client_gone', decision: 'charge' },
  upstream: { outcome: 'upstream_broke', decision: 'refund' },
  gateway: { outcome: 'completed', decision: 'charge' },
};

const cutMessage: Record<SocketCause, PurchaseEnd> = {
  closed: { outcome: 'client_gone', decision: 'charge' },
  client: { outcome: 'client_gone', decision: 'charge' },
  upstream: { outcome: 'upstream_broke', decision: 'refund' },
  gateway: { outcome: 'gateway_failed', decision: 'refund' },
};
