/** What the upstream or the client did to a call, as far as money is concerned. */
export type CallOutcome =
  /** No final head came from the upstream, or the gateway could not go on. */
  | { at: 'before_head'; cause: 'connect_error' | 'timeout' | 'broken_head' | 'client_gone' | 'gateway_failed' }
  /** The final head is here; `chargeable` is the route's own rule for this status. */
  | { at: 'head'; status: number; chargeable: boolean }
  /** The head was charged and the rest is over. */
  | { at: 'after_head'; outcome: FinishOutcome };

/** How a charged call ended, as its finish row says. */
export type FinishOutcome = 'completed' | 'client_gone' | 'upstream_broke' | 'gateway_failed';

/** `charge` keeps a charge that is already made; `refund` takes it back while it is in no batch. */
export type ChargeDecision = 'charge' | 'release' | 'refund';

/**
 * The public failure policy, whole. Faults of the upstream and of the gateway cost nothing; a server error never does,
 * whatever the route says; a client that leaves after the head has paid.
 */
export function decideCharge(call: CallOutcome): ChargeDecision {
  switch (call.at) {
    case 'before_head':
      return 'release';
    case 'head':
      return call.chargeable && call.status < 500 ? 'charge' : 'release';
    case 'after_head':
      return afterHead[call.outcome];
  }
}

const afterHead: Record<FinishOutcome, ChargeDecision> = {
  completed: 'charge',
  client_gone: 'charge',
  upstream_broke: 'refund',
  gateway_failed: 'refund',
};
