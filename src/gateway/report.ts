import { type ErrorCode, errorStatus } from '../errors.ts';
import { type CallRecord, newEnd } from './call-record.ts';
import type { GatewayDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';

type ReportDeps = Pick<GatewayDeps, 'metrics' | 'logCall' | 'clock'>;

/** Tells the metrics and the access log of a request that has ended: exactly once each. */
export function reportEnd(deps: ReportDeps, exchange: Exchange): void {
  const { end, requestId, route, own, head, client } = exchange;
  tell(deps, {
    ...end,
    requestId,
    route,
    own,
    method: head.method,
    minor: head.minor,
    address: client.address,
    durationMs: deps.clock.monotonicMs() - exchange.startMs,
  });
}

/** The same for what never became a request: a broken head, a connection too many. */
export function reportUnread(deps: ReportDeps, code: ErrorCode, address: string, requestId: string): void {
  tell(deps, {
    ...newEnd(),
    status: errorStatus(code),
    outcome: code,
    requestId,
    route: undefined,
    own: undefined,
    method: '',
    minor: 1,
    address,
    durationMs: 0,
  });
}

function tell(deps: ReportDeps, record: CallRecord): void {
  deps.metrics.ended(record);
  deps.logCall?.(record);
}
