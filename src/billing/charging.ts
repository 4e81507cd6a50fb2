/** What the upstream or the client did to a call, as far as money is concerned. */
export type CallOutcome =
  /** No final head came from the upstream, or the gateway could not go on. */
  | { at: 'before_head'; cause: 'connect_error' | 'timeout' | 'broken_head' | 'client_gone' | 'gateway_failed' }
  /** The final head is here; `chargeable` is the route's own rule for this status. */
  | { at: 'head'; status: number; chargeable: boolean }
  /** The head was charged and the rest is over, so many ms behind it. */
  | { at: 'after_head'; outcome: FinishOutcome; givenMs: number };

/** How a charged call ended, as its finish row says. */
export type FinishOutcome = 'completed' | 'client_gone' | 'upstream_broke' | 'gateway_failed';

/** `charge` keeps a charge that is already made; `refund` takes it back while it is in no batch. */
export type ChargeDecision = 'charge' | 'release' | 'refund';

/**
 * An answer that a client has had for so long has been given, ms, also when the upstream breaks it off then. A client can make
 * many a server hang up, by how it sends and reads, and would have streams of hours for nothing; this is all that such a trick
 * gets back. A WebSocket has the same bound (decision 28).
 */
export const givenMsMax = 60_000;

/**
 * The public failure policy, whole. Faults of the upstream and of the gateway cost nothing; a server error never does,
 * whatever the route says; a client that leaves after the head has paid, and so has one whose answer had been given.
 */
export function decideCharge(call: CallOutcome): ChargeDecision {
  switch (call.at) {
    case 'before_head':
      return 'release';
    case 'head':
      return call.chargeable && call.status < 500 ? 'charge' : 'release';
    case 'after_head':
      if (call.outcome === 'upstream_broke' && call.givenMs >= givenMsMax) return 'charge';
      return afterHead[call.outcome];
  }
}

const afterHead: Record<FinishOutcome, ChargeDecision> = {
  completed: 'charge',
  client_gone: 'charge',
  upstream_broke: 'refund',
  gateway_failed: 'refund',
};
