import type { Route } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { formatUsdc } from '../money.ts';
import { redactText } from '../redact.ts';
import type { CallRecord } from './call-record.ts';

/**
 * One JSON line a call, refused ones included. It is on the path of every call, so the line is put together by hand:
 * what a route contributes is made once, and nothing in it needs escaping but that. A request id is the only text of
 * the client's in it; one that looks like a secret is not written.
 */
export function createAccessLog(deps: { clock: Clock; add(line: string): void }): (record: CallRecord) => void {
  const parts = new WeakMap<Route, string>();
  let timeMs = 0;
  let time = '';

  function timeText(): string {
    const nowMs = deps.clock.nowMs();
    if (nowMs !== timeMs) {
      timeMs = nowMs;
      time = new Date(nowMs).toISOString();
    }
    return time;
  }

  function routePart(route: Route): string {
    const known = parts.get(route);
    if (known !== undefined) return known;
    const part = `"api":${JSON.stringify(route.api.name)},"route":${JSON.stringify(route.template)}`;
    parts.set(route, part);
    return part;
  }

  return (record) => {
    const { route, own, requestId, callId, account, status } = record;
    const where = route
      ? routePart(route)
      : own === undefined
        ? '"api":null,"route":null'
        : `"api":null,"route":"${own}"`;
    deps.add(
      `{"level":"info","time":"${timeText()}","msg":"call","request":${requestId === '' ? 'null' : `"${safeId(requestId)}"`},` +
        `"call":${callId === 0 ? 'null' : `"${callId}"`},"account":${account === undefined ? 'null' : `"${account}"`},` +
        `${where},"method":${record.method === '' ? 'null' : `"${record.method}"`},"status":${status === 0 ? 'null' : status},"outcome":"${record.outcome}",` +
        `"price":"${record.paid === 0n ? '0' : formatUsdc(record.paid)}","bytes_in":${record.bytesIn},` +
        `"bytes_out":${record.bytesOut},"duration_ms":${thousandths(record.durationMs)},` +
        `"overhead_ms":${thousandths(record.overheadMs)},"address":"${record.address}"}\n`,
    );
  };
}

/** Ids of our own are shorter than any secret. */
const ownIdCharsMax = 32;

function safeId(requestId: string): string {
  return requestId.length <= ownIdCharsMax ? requestId : redactText(requestId);
}

function thousandths(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
