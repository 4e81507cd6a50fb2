/**
 * The life of a batch. `open` is not stored: it is the unsealed charges.
 *
 * | from      | event      | to        | when                                                                        |
 * |-----------|------------|-----------|-----------------------------------------------------------------------------|
 * | open      | seal       | sealed    | rows, lane, number and root are fixed                                        |
 * | sealed    | record     | submitted | an envelope and its hash are safe on disk; only then may it be sent          |
 * | sealed    | land       | confirmed | an envelope that this database has forgotten, or never knew, has landed      |
 * | submitted | record     | submitted | never: a second envelope could land after the first; so it is refused         |
 * | submitted | land       | confirmed | the transaction or the event says so                                         |
 * | submitted | unlandable | sealed    | the envelope failed on chain, or can no longer land and the lane has not moved |
 * | confirmed | land       | confirmed | the other witness says the same: nothing changes                             |
 *
 * Everything else is a defect.
 */
export type BatchState = 'open' | 'sealed' | 'submitted' | 'confirmed';
export type BatchEvent = 'seal' | 'record' | 'land' | 'unlandable';

const table: Record<BatchState, Partial<Record<BatchEvent, BatchState>>> = {
  open: { seal: 'sealed' },
  sealed: { record: 'submitted', land: 'confirmed' },
  submitted: { land: 'confirmed', unlandable: 'sealed' },
  confirmed: { land: 'confirmed' },
};

/** The state after the event, or undefined when the event must not happen there. */
export function nextBatchState(state: BatchState, event: BatchEvent): BatchState | undefined {
  return table[state][event];
}

/** What is known about an envelope that was sent, or may have been. */
export type EnvelopeSight = {
  /** getTransaction's word on the hash. */
  status: 'SUCCESS' | 'FAILED' | 'NOT_FOUND';
  /** Close time of the newest ledger of that answer, s. */
  latestClosedAtS: number;
  maxTimeS: number;
  /** How often in a row the hash was absent after a later close time than maxTime. */
  absentAfterMaxTime: number;
};

export type EnvelopeVerdict = 'landed' | 'failed' | 'may_land' | 'look_again' | 'absent';

/**
 * NOT_FOUND is final only when a ledger later than maxTime has closed, and even then the hash is asked for once more: a
 * server can know a ledger's time a moment before its transactions. `absent` still has to be checked against the lane.
 */
export function judgeEnvelope(sight: EnvelopeSight): EnvelopeVerdict {
  switch (sight.status) {
    case 'SUCCESS':
      return 'landed';
    case 'FAILED':
      return 'failed';
    case 'NOT_FOUND':
      if (sight.latestClosedAtS <= sight.maxTimeS) return 'may_land';
      return sight.absentAfterMaxTime >= 2 ? 'absent' : 'look_again';
  }
}
