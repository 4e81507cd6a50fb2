import { formatUsdc, type Units } from '../money.ts';

/** One call as the books hold it, joined from its charge, finish, refund and batch. */
export type CallRow = {
  id: number;
  atMs: number;
  account: string;
  api: string;
  method: string;
  /** Route template, mount included. */
  route: string;
  status: number;
  price: Units;
  /** How the call ended; undefined while it runs, and for ever when the process died under it. */
  finish: { outcome: string; bytesIn: number; bytesOut: number; durationMs: number } | undefined;
  refund: { atMs: number; amount: Units; reason: string } | undefined;
  batch: { lane: number; batch: number; state: string; txHash: string | undefined } | undefined;
};

/** The same as JSON: ids, amounts and times as text. */
export type CallView = {
  call: string;
  time: string;
  account: string;
  api: string;
  method: string;
  route: string;
  status: number;
  price: string;
  outcome: string | null;
  bytes_in: number | null;
  bytes_out: number | null;
  duration_ms: number | null;
  refunded: string;
  refund_reason: string | null;
  batch: { lane: number; batch: number; state: string; tx_hash: string | null } | null;
};

export function callView(row: CallRow): CallView {
  return {
    call: String(row.id),
    time: new Date(row.atMs).toISOString(),
    account: row.account,
    api: row.api,
    method: row.method,
    route: row.route,
    status: row.status,
    price: formatUsdc(row.price),
    outcome: row.finish?.outcome ?? null,
    bytes_in: row.finish?.bytesIn ?? null,
    bytes_out: row.finish?.bytesOut ?? null,
    duration_ms: row.finish?.durationMs ?? null,
    refunded: row.refund ? formatUsdc(row.refund.amount) : '0',
    refund_reason: row.refund?.reason ?? null,
    batch: row.batch ? batchView(row.batch) : null,
  };
}

function batchView({ lane, batch, state, txHash }: NonNullable<CallRow['batch']>): CallView['batch'] {
  return { lane, batch, state, tx_hash: txHash ?? null };
}
