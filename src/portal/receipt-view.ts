import assert from 'node:assert/strict';
import type { IdentityKey } from '../access/identity-key.ts';
import { formatUsdc } from '../money.ts';
import { hashLeaf } from '../settlement/leaf.ts';
import { type Tree, verifyPath } from '../settlement/merkle.ts';
import type { BatchRow } from '../store/batches.ts';
import type { LeafRow } from '../store/leaf-row.ts';

/** A receipt as docs/receipts.md specifies it, section 5. Absent things are null. */
export type ReceiptView = {
  version: typeof receiptVersion;
  network_passphrase: string;
  vault: string;
  state: ReceiptState;
  leaf: LeafFields;
  leaf_hash: string;
  lane: number | null;
  batch: number | null;
  root: string | null;
  index: number | null;
  size: number | null;
  path: string[] | null;
  tx_hash: string | null;
  ledger: number | null;
  tx_url: string | null;
  signature: string;
};

/**
 * `unbatched`: filed for good without a batch, because nothing was due. `settled_elsewhere`: the vault has settled it in a
 * batch that was lost with the books before a restore. The others are where the leaf is on its way.
 */
export type ReceiptState = 'unsealed' | 'unbatched' | 'settled_elsewhere' | BatchRow['state'];

export type LeafFields =
  | {
      kind: 'call';
      call: string;
      account: string;
      payee: string;
      api: string;
      method: string;
      route: string;
      status: number;
      price: string;
      refund: string;
      time_ms: number;
    }
  | { kind: 'carry'; from_lane: number; from_batch: number; account: string; payee: string; amount: string };

/** Where a leaf stands in its batch. */
export type Place = { batch: BatchRow; tree: Tree; index: number };

export type ReceiptTerms = {
  vault: string;
  passphrase: string;
  /** Page about a transaction, with `{hash}` in it. */
  explorerUrl: string | undefined;
  key: Pick<IdentityKey, 'sign'>;
};

/** What the `typ` of a receipt's signature says. */
export const receiptType = 'callora-receipt+jws';

const receiptVersion = 'callora.receipt.v1';

export async function receiptView(
  terms: ReceiptTerms,
  row: LeafRow,
  place: Place | 'unsealed' | 'unbatched',
): Promise<ReceiptView> {
  const hash = hashLeaf(terms.vault, row);
  const signed = {
    ...whereOf(hash, place),
    leaf_hash: hex(hash),
    network_passphrase: terms.passphrase,
    state: stateOf(row, place),
    vault: terms.vault,
    version: receiptVersion,
  } as const;
  const { path, ...said } = signed;
  const { txHash, ledger } = typeof place === 'string' ? {} : place.batch;
  return {
    version: receiptVersion,
    network_passphrase: terms.passphrase,
    vault: terms.vault,
    state: signed.state,
    leaf: leafFields(row),
    leaf_hash: signed.leaf_hash,
    lane: signed.lane,
    batch: signed.batch,
    root: signed.root,
    index: signed.index,
    size: signed.size,
    path,
    tx_hash: txHash ?? null,
    ledger: ledger ?? null,
    tx_url: txHash && terms.explorerUrl ? terms.explorerUrl.replace('{hash}', txHash) : null,
    signature: await terms.key.sign(canonical(said)),
  };
}

/** A restore files charges without a batch too; a charge that had something due was then in a batch nobody here knows. */
function stateOf(row: LeafRow, place: Place | 'unsealed' | 'unbatched'): ReceiptState {
  if (typeof place !== 'string') return place.batch.state;
  const due = row.kind === 'call' && row.price > row.refund;
  return place === 'unbatched' && due ? 'settled_elsewhere' : place;
}

type Where = Pick<ReceiptView, 'lane' | 'batch' | 'root' | 'index' | 'size' | 'path'>;

function whereOf(hash: Uint8Array, place: Place | string): Where {
  if (typeof place === 'string') return { lane: null, batch: null, root: null, index: null, size: null, path: null };
  const { batch, tree, index } = place;
  const path = tree.pathOf(index);
  const leads = verifyPath(hash, index, batch.leaves, path, Buffer.from(batch.root, 'hex'));
  assert(leads, 'a receipt that does not verify never leaves the gateway');
  return { lane: batch.lane, batch: batch.batch, root: batch.root, index, size: batch.leaves, path: path.map(hex) };
}

/** RFC 8785 for a flat object of texts, whole numbers and nulls: names in order, no spaces. */
function canonical(fields: Record<string, string | number | null>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function leafFields(row: LeafRow): LeafFields {
  const { account, payee } = row;
  if (row.kind === 'carry') {
    const { fromLane, fromBatch, amount } = row;
    return { kind: 'carry', from_lane: fromLane, from_batch: fromBatch, account, payee, amount: formatUsdc(amount) };
  }
  return {
    kind: 'call',
    call: String(row.callId),
    account,
    payee,
    api: row.api,
    method: row.method,
    route: row.template,
    status: row.status,
    price: formatUsdc(row.price),
    refund: formatUsdc(row.refund),
    time_ms: row.atMs,
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
