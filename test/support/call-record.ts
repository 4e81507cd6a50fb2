import { type CallRecord, newEnd } from '../../src/gateway/call-record.ts';

/** A good call at its end, but for what a test says. */
export function callRecord(changes: Partial<CallRecord> = {}): CallRecord {
  return {
    ...newEnd(),
    requestId: 'r',
    route: undefined,
    own: undefined,
    method: 'GET',
    minor: 1,
    address: '192.0.2.1',
    durationMs: 12,
    status: 200,
    outcome: 'completed',
    ...changes,
  };
}
