import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ledger } from '../billing/ledger.ts';
import { GatewayError } from '../errors.ts';
import type { RateLimiter } from '../limits/rate.ts';
import { formatUsdc, units } from '../money.ts';
import type { BatchTrees } from '../settlement/batch-trees.ts';
import type { Batches, BatchRow } from '../store/batches.ts';
import type { Leaves, PlacedLeaf } from '../store/leaves.ts';
import { type CredentialDeps, type Reader, requireReader } from './credentials.ts';
import { wholeNumber } from './page.ts';
import { type ReceiptTerms, type ReceiptView, receiptView } from './receipt-view.ts';
import { PortalRefusal } from './refusal.ts';
import { throttle } from './throttle.ts';

/** Receipts for calls: each proves its leaf to whoever has the root, to the account that paid and to nobody else. */
export type ReceiptDeps = CredentialDeps & {
  ledger: Pick<Ledger, 'account'>;
  receipts: ReceiptParts;
};

export type ReceiptParts = {
  leaves: Pick<Leaves, 'ofCall' | 'ownBetween'>;
  batches: Pick<Batches, 'byId' | 'byNumber' | 'lines'>;
  trees: BatchTrees;
  key: ReceiptTerms['key'];
};

/** Own leaves of one batch, and for a token of every API what the settlement asked of the account and took. */
export type LeavesView = {
  lane: number;
  batch: number;
  state: BatchRow['state'];
  /** The transaction that settled it, where it is known: what was asked and taken can be read there. */
  tx_hash: string | null;
  lines: { payee: string; amount: string; taken: string | null; payee_listed: boolean }[] | null;
  items: ReceiptView[];
  next: string | null;
};

/** A receipt costs about what a call costs; a program that fetches one after each call stays far below. */
const receiptRate = { perSecond: 50, burst: 200 };

/** A full page is 200 receipts, 25 ms of work; the burst reads all leaves of the largest batch. */
const leavesRate = { perSecond: 4, burst: 120 };

/** Receipts on one page: at 2 KB each, 400 KB. */
const leavesPerPageMax = 200;

/** Places looked through at once for the leaves of one account, about a millisecond. */
const placesPerStep = 1_000;

/** A batch that cannot land is taken apart and sealed anew; twice during one request is no longer chance. */
const looksMax = 3;

export async function callReceipt(
  deps: ReceiptDeps & { limiter: RateLimiter },
  rawHeaders: readonly string[],
  call: string,
): Promise<ReceiptView> {
  const reader = await requireReader(deps, rawHeaders);
  throttle(deps.limiter, `receipts ${reader.account}`, receiptRate);
  for (let look = 0; look < looksMax; look++) {
    const receipt = await lookUp(deps, reader, call);
    if (receipt) return receipt;
  }
  throw busy();
}

/** Undefined when the leaf moved to another batch meanwhile. */
async function lookUp(deps: ReceiptDeps, reader: Reader, call: string): Promise<ReceiptView | undefined> {
  const first = ownCall(deps, reader, call);
  if (typeof first.place === 'string') return receiptView(termsOf(deps), first.row, first.place);
  const found = deps.receipts.batches.byId(first.place.batchId);
  if (!found) return undefined;
  const built = await treeOf(deps, found);
  if (!built) return undefined;
  // Read again: the batch may have been confirmed, or taken apart, while the tree was built.
  const { row, place } = ownCall(deps, reader, call);
  const batch = typeof place === 'string' ? undefined : deps.receipts.batches.byId(place.batchId);
  if (typeof place === 'string' || batch?.root !== found.root) return undefined;
  return receiptView(termsOf(deps), row, { batch, tree: built, index: place.leaf });
}

export async function ownLeaves(
  deps: ReceiptDeps & { limiter: RateLimiter },
  rawHeaders: readonly string[],
  [lane, batch]: [lane: number, batch: number],
  query: URLSearchParams,
): Promise<LeavesView> {
  const limit = wholeNumber(query, 'limit', 1, leavesPerPageMax) ?? 100;
  const from = wholeNumber(query, 'cursor', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const reader = await requireReader(deps, rawHeaders);
  throttle(deps.limiter, `leaves ${reader.account}`, leavesRate);
  const found = deps.receipts.batches.byNumber(lane, batch);
  if (!found)
    throw new GatewayError('not_found', `lane ${lane} has no batch ${batch} here; /_callora/roots lists them`);
  const own = await findOwn(deps, reader, found, { from, limit });
  const items = await receiptsOf(deps, found, own.slice(0, limit));
  const now = deps.receipts.batches.byNumber(lane, batch);
  if (now?.root !== found.root) throw busy();
  return {
    lane,
    batch,
    state: now.state,
    tx_hash: now.txHash ?? null,
    lines: reader.scopes === '*' ? ownLines(deps.receipts, reader.account, now) : null,
    items,
    next: own.length > limit ? String(own[limit]?.leaf) : null,
  };
}

/** Whoever has no leaf in a batch does not make the gateway build its tree. */
async function receiptsOf(deps: ReceiptDeps, batch: BatchRow, placed: PlacedLeaf[]): Promise<ReceiptView[]> {
  if (placed.length === 0) return [];
  const tree = await treeOf(deps, batch);
  // Read again for the state, and because the leaves may belong to a batch that was taken apart meanwhile.
  const now = deps.receipts.batches.byId(batch.id);
  if (!tree || now?.root !== batch.root) throw busy();
  const terms = termsOf(deps);
  return Promise.all(placed.map(({ row, leaf }) => receiptView(terms, row, { batch: now, tree, index: leaf })));
}

/** Up to one leaf more than asked for, so that the caller knows where the next page begins. */
async function findOwn(
  { ledger, receipts }: ReceiptDeps,
  reader: Reader,
  batch: BatchRow,
  { from, limit }: { from: number; limit: number },
): Promise<PlacedLeaf[]> {
  const own: PlacedLeaf[] = [];
  const account = ledger.account(reader.account);
  if (!account) return own;
  for (let at = from; at < batch.leaves && own.length <= limit; at += placesPerStep) {
    const placed = receipts.leaves.ownBetween(batch.id, account.id, at, at + placesPerStep);
    // A carried debt names no API, so only a token of all of them sees it.
    own.push(
      ...placed.filter(({ row }) => reader.scopes === '*' || (row.kind === 'call' && reader.scopes.has(row.api))),
    );
    await nextTurn();
  }
  return own.slice(0, limit + 1);
}

function ownLines({ batches }: ReceiptParts, account: string, batch: BatchRow): LeavesView['lines'] {
  return batches
    .lines(batch.id)
    .filter((line) => line.account === account)
    .map(({ payee, amount, taken }) => ({
      payee,
      amount: formatUsdc(amount),
      taken: taken === undefined ? null : formatUsdc(units(taken < 0n ? 0n : taken)),
      payee_listed: taken !== -1n,
    }));
}

/** A call of this account and within this token's scope; any other does not exist for whoever asks. */
function ownCall({ receipts }: ReceiptDeps, reader: Reader, call: string) {
  const found = /^[1-9][0-9]{0,15}$/.test(call) ? receipts.leaves.ofCall(Number(call)) : undefined;
  const own = found && found.row.account === reader.account;
  if (own && (reader.scopes === '*' || reader.scopes.has(found.row.api))) return found;
  throw new GatewayError('not_found', 'you see no such call; its id is in the header `callora-call` of the answer');
}

async function treeOf({ receipts }: ReceiptDeps, batch: BatchRow) {
  const built = await receipts.trees.of(batch);
  if (built.ok) return built.tree;
  if (built.reason === 'busy') throw busy();
  return undefined;
}

function busy(): PortalRefusal {
  return new PortalRefusal('overloaded', 'too many receipts are being made', { 'retry-after': '1' });
}

function termsOf({ config, receipts }: ReceiptDeps): ReceiptTerms {
  const { vault, passphrase, explorerUrl } = config().stellar;
  return { vault, passphrase, explorerUrl, key: receipts.key };
}
