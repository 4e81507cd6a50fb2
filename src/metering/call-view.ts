import { formatUsdc } from '../money.ts';
import type { UsageRow } from '../store/charges.ts';

/** One call as JSON for people and programs: ids, amounts and times as text, absent things as null. */
export type CallView = {
  call: string;
  time: string;
  account: string;
  token: string | null;
  api: string;
  payee: string;
  method: string;
  route: string;
  status: number;
  price: string;
  refunded: string;
  refund_reason: string | null;
  /** How the call ended; null while it runs, and for good when the gateway died under it. */
  outcome: string | null;
  bytes_in: number | null;
  bytes_out: number | null;
  duration_ms: number | null;
  batch: { lane: number; batch: number; leaf: number; state: string } | null;
};

export function callView(row: UsageRow): CallView {
  return {
    call: String(row.id),
    time: new Date(row.atMs).toISOString(),
    account: row.account,
    token: row.tokenJti ?? null,
    api: row.api,
    payee: row.payee,
    method: row.method,
    route: row.template,
    status: row.status,
    price: formatUsdc(row.price),
    refunded: formatUsdc(row.refund),
    refund_reason: row.refundReason ?? null,
    outcome: row.outcome ?? null,
    bytes_in: row.bytesIn ?? null,
    bytes_out: row.bytesOut ?? null,
    duration_ms: row.durationMs ?? null,
    batch: row.batch ? batchView(row.batch) : null,
  };
}

function batchView({ lane, batch, leaf, state }: NonNullable<UsageRow['batch']>): CallView['batch'] {
  return { lane, batch, leaf, state };
}
