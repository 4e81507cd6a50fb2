import { formatUsdc, units } from '../money.ts';
import type { BatchLineRow, BatchRow } from '../store/batches.ts';
import type { UnattributedEvent } from '../store/deposits.ts';
import type { LeafRow } from '../store/leaf-row.ts';
import type { TokenRow } from '../store/tokens.ts';

/** Rows of the books as JSON: amounts as decimal USDC, times as ISO 8601, ids as text, absent things as null. */

/** One flat envelope for every list; `next` is the cursor of the following page, null on the last. */
export type Page<Item> = { items: Item[]; next: string | null };

export type TokenView = {
  jti: string;
  account: string;
  scope: string;
  source: string;
  label: string;
  issued_at: string;
  expires_at: string;
  cap: string | null;
  spent: string;
  revoked_at: string | null;
};

export type BatchView = {
  lane: number;
  batch: number;
  root: string;
  state: string;
  total: string;
  leaves: number;
  sealed_at: string;
  confirmed_at: string | null;
  ledger: number | null;
  tx_hash: string | null;
};

export type LineView = { position: number; payee: string; account: string; amount: string; taken: string | null };

/** Every field of a leaf, so that anyone can build the bytes of docs/receipts.md and the root again. */
export type LeafView =
  | {
      kind: 'call';
      call: string;
      time: string;
      time_ms: number;
      account: string;
      payee: string;
      api: string;
      method: string;
      route: string;
      status: number;
      price: string;
      refund: string;
    }
  | { kind: 'carry'; from_lane: number; from_batch: number; account: string; payee: string; amount: string };

export type BatchDetail = BatchView & { vault: string; lines: LineView[]; rows: LeafView[] };

export type UnattributedView = {
  id: string;
  /** `classic`, `transfer` or `unreadable`. */
  kind: string;
  ledger: number | null;
  closed_at: string;
  tx_hash: string | null;
  amount: string | null;
  /** What of it still waits for a person; less than `amount` where the vault's admin has swept. */
  left: string | null;
  /** Transactions of those sweeps. */
  swept_by: string[];
  note: string | null;
  data: string;
};

export function tokenView(row: TokenRow): TokenView {
  return {
    jti: row.jti,
    account: row.address,
    scope: row.scope,
    source: row.source,
    label: row.label,
    issued_at: time(row.issuedAtMs),
    expires_at: time(row.expiresAtMs),
    cap: row.cap === undefined ? null : formatUsdc(row.cap),
    spent: formatUsdc(row.spent),
    revoked_at: row.revokedAtMs === undefined ? null : time(row.revokedAtMs),
  };
}

export function batchView(row: BatchRow): BatchView {
  return {
    lane: row.lane,
    batch: row.batch,
    root: row.root,
    state: row.state,
    total: formatUsdc(row.total),
    leaves: row.leaves,
    // Ledgers close at whole seconds: to the millisecond, a batch would seem to be confirmed before it was sealed.
    sealed_at: time(Math.floor(row.sealedAtMs / 1000) * 1000),
    confirmed_at: row.confirmedAtMs === undefined ? null : time(row.confirmedAtMs),
    ledger: row.ledger ?? null,
    tx_hash: row.txHash ?? null,
  };
}

export function lineView({ position, payee, account, amount, taken }: BatchLineRow): LineView {
  return {
    position,
    payee,
    account,
    amount: formatUsdc(amount),
    taken: taken === undefined ? null : takenText(taken),
  };
}

/** −1 is the vault's mark for a payee that is not listed, not an amount. */
function takenText(taken: bigint): string {
  return taken === -1n ? 'payee not listed' : formatUsdc(units(taken));
}

export function leafView(row: LeafRow): LeafView {
  if (row.kind === 'carry') {
    const { fromLane, fromBatch, account, payee, amount } = row;
    return { kind: 'carry', from_lane: fromLane, from_batch: fromBatch, account, payee, amount: formatUsdc(amount) };
  }
  return {
    kind: 'call',
    call: String(row.callId),
    time: time(row.atMs),
    time_ms: row.atMs,
    account: row.account,
    payee: row.payee,
    api: row.api,
    method: row.method,
    route: row.template,
    status: row.status,
    price: formatUsdc(row.price),
    refund: formatUsdc(row.refund),
  };
}

export function unattributedView(row: UnattributedEvent): UnattributedView {
  const { left, by: sweptBy } = row.swept ?? { left: row.amount, by: [] };
  return {
    id: row.id,
    kind: row.kind,
    ledger: row.ledger,
    closed_at: time(row.closedAtMs),
    tx_hash: row.txHash,
    amount: row.amount === undefined ? null : formatUsdc(row.amount),
    left: left === undefined ? null : formatUsdc(left),
    swept_by: sweptBy,
    note:
      sweptBy.length > 0 ? `${left === 0n ? 'swept' : 'swept in part'} in ${sweptBy.join(', ')}` : (row.note ?? null),
    data: row.data,
  };
}

export function time(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Cuts the one row too many that tells whether there is another page. */
export function pageOf<Row, Item>(
  rows: Row[],
  limit: number,
  view: (row: Row) => Item,
  cursor: (row: Row) => number,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(view), next: rows.length > limit && last !== undefined ? String(cursor(last)) : null };
}
