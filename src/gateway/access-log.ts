import type { Route } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { formatUsdc } from '../money.ts';
import { redactText } from '../redact.ts';
import type { CallRecord } from './call-record.ts';

/**
 * One JSON line a call, refused ones included. It is on the path of every call, so the line is put together by hand:
 * what calls of a route have in common is made once, and nothing in it needs escaping but that. A request id is the only
 * text of the client's in it; one that looks like a secret is not written.
 */
export function createAccessLog(deps: { clock: Clock; add(line: string): void }): (record: CallRecord) => void {
  const ends = new WeakMap<Route, RouteEnd>();
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

  /** Most calls of a route end like the one before. */
  function endText(record: CallRecord): string {
    const { route } = record;
    if (!route) return endOf(record);
    const last = ends.get(route);
    if (last && isSame(last, record)) return last.text;
    const { method, status, outcome, paid } = record;
    const text = endOf(record);
    ends.set(route, { method, status, outcome, paid, text });
    return text;
  }

  return (record) => {
    const { requestId, callId, account } = record;
    deps.add(
      `{"level":"info","time":"${timeText()}","msg":"call","request":${requestId === '' ? 'null' : `"${safeId(requestId)}"`},` +
        `"call":${callId === 0 ? 'null' : `"${callId}"`},"account":${account === undefined ? 'null' : `"${account}"`},` +
        `${endText(record)},"bytes_in":${record.bytesIn},"bytes_out":${record.bytesOut},${record.socket ? `"messages":${record.socket.messages},` : ''}` +
        `"duration_ms":${thousandths(record.durationMs)},"overhead_ms":${thousandths(record.overheadMs)},"address":"${record.address}"}\n`,
    );
  };
}

type RouteEnd = Pick<CallRecord, 'method' | 'status' | 'outcome' | 'paid'> & { text: string };

function isSame(end: RouteEnd, { method, status, outcome, paid }: CallRecord): boolean {
  return end.status === status && end.outcome === outcome && end.paid === paid && end.method === method;
}

function endOf({ route, own, method, status, outcome, paid }: CallRecord): string {
  const where = route
    ? `"api":${JSON.stringify(route.api.name)},"route":${JSON.stringify(route.template)}`
    : `"api":null,"route":${own === undefined ? 'null' : `"${own}"`}`;
  return (
    `${where},"method":${method === '' ? 'null' : `"${method}"`},"status":${status === 0 ? 'null' : status},` +
    `"outcome":"${outcome}","price":"${formatUsdc(paid)}"`
  );
}

/** Ids of our own are shorter than any secret. */
const ownIdCharsMax = 32;

function safeId(requestId: string): string {
  return requestId.length <= ownIdCharsMax ? requestId : redactText(requestId);
}

const decimals = Array.from({ length: 1_000 }, (_, thousandth) => `.${String(thousandth).padStart(3, '0')}`);

/** A time with three decimals, of whole numbers: to write a fraction shortest is the dearest part of a line. */
function thousandths(ms: number): string {
  const whole = Math.round(ms * 1_000);
  return Math.floor(whole / 1_000) + (decimals[whole % 1_000] ?? '');
}
