import { expect } from 'vitest';
import type { Core } from '../../src/app/core.ts';
import { createReceipts } from '../../src/app/receipts.ts';
import { verifyReceipt } from '../../src/dashboard/verify-receipt.ts';
import { createRateLimiter } from '../../src/limits/rate.ts';
import { publishedRoots } from '../../src/portal/published-roots.ts';
import { type ReceiptView, receiptView } from '../../src/portal/receipt-view.ts';
import { createBatchTrees } from '../../src/settlement/batch-trees.ts';
import type { BatchRow } from '../../src/store/batches.ts';
import type { LeafRow } from '../../src/store/leaf-row.ts';
import { givenBackAsSettled } from './identities.ts';
import type { Life } from './life.ts';
import { settledChain } from './settled-chain.ts';

/**
 * Every leaf that a life has settled, as a consumer would audit it: with the receipts, the published roots and the one chain
 * value in the vault, by the verifier that runs in the page and shares no code with the gateway.
 */
export async function checkReceipts(life: Life): Promise<number> {
  const { core } = await life.alive();
  const { network, model } = life;
  const archives = new Map<number, Archive>();
  let settled = 0;
  const netOfCalls = new Map<string, bigint>();
  for (const batch of core.store.batches.list({ limit: 10_000 })) {
    const rows = core.store.leaves.between(batch.id, 0, batch.leaves);
    const receipts = await receiptsOf(core, batch, rows);
    const archive = archives.get(batch.lane) ?? (await archiveOf(core, life, batch.lane));
    archives.set(batch.lane, archive);
    const evidence = evidenceFor(archive, batch.batch);
    for (const receipt of receipts) await expectProven(receipt, evidence);
    compareWithLines(core, batch, rows);
    for (const row of rows) {
      if (row.kind === 'call') netOfCalls.set(row.account, (netOfCalls.get(row.account) ?? 0n) + netOf(row));
    }
    settled += receipts.length;
    life.count('batch verified');
    if (batch.lane > 0) life.count('batch of another lane');
    const [first] = receipts;
    if (first) await expectForgeryNoticed(first, evidence);
  }
  // No call is missing among the leaves, and none is there twice, but for what was found settled before a restore.
  for (const { address: account } of network.consumers) {
    const found = foundSettled(core, account) + givenBackAsSettled(life, { account });
    expect((netOfCalls.get(account) ?? 0n) + found).toBe(model.net({ account }));
  }
  return settled;
}

/** Charges that count as settled without a batch of these books. */
function foundSettled({ store }: Core, account: string): bigint {
  const sum = store.db
    .prepare(
      `SELECT COALESCE(SUM(c.price - COALESCE(r.amount, 0)), 0) FROM sealed_charges s JOIN charges c ON c.id = s.charge_id
       JOIN accounts a ON a.id = c.account_id LEFT JOIN refunds r ON r.charge_id = c.id
       WHERE s.batch_id IS NULL AND a.address = ?`,
    )
    .pluck()
    .get(account);
  return BigInt(Number(sum));
}

type Evidence = Parameters<typeof verifyReceipt>[1];

/** What an auditor keeps: the published roots, part by part, and the chain values that the vault has told of. */
type Archive = { parts: RootsBody[]; chain: Map<number, string>; always: Evidence };
type RootsBody = { roots: { batch: number }[]; next: string | null };

async function archiveOf(core: Core, { network, chainValues }: Life, lane: number): Promise<Archive> {
  const limiter = createRateLimiter({ clock: core.clock });
  const deps = { config: core.config, rootChain: core.rootChain, limiter };
  const parts: RootsBody[] = [];
  for (let cursor: string | null = '0'; cursor !== null; cursor = parts.at(-1)?.next ?? null) {
    const query = new URLSearchParams({ lane: String(lane), cursor });
    parts.push((await publishedRoots(deps, query, 'an auditor')).body as RootsBody);
  }
  const jwks = { keys: [createReceipts(core).key.jwk] };
  const always = { vault: network.vaultAddress, networkPassphrase: network.passphrase, jwks };
  const chain = new Map([...(chainValues.get(lane) ?? []), ...(await settledChain(network, lane))]);
  const last = await network.vault.lastBatch(lane);
  if (last.batch > 0) expect(chain.get(last.batch)).toBe(last.chain);
  return { parts, chain, always };
}

/** A restored database lacks batches: the roots from each gap on lead to the chain value at the next. */
function evidenceFor({ parts, chain, always }: Archive, batch: number): Evidence {
  const part = parts.find(({ roots }) => roots.some((root) => root.batch === batch));
  const end = part?.roots.at(-1)?.batch ?? 0;
  return { ...always, roots: part, chain: { value: chain.get(end) ?? '', batch: end } };
}

async function receiptsOf(core: Core, batch: BatchRow, rows: LeafRow[]): Promise<ReceiptView[]> {
  const clock = { sleep: async () => undefined };
  const trees = createBatchTrees({ leaves: core.store.leaves, vault: core.vault.address, clock });
  const built = await trees.of(batch);
  if (!built.ok) throw new Error(`no tree of batch ${batch.batch}: ${built.reason}`);
  const { tree } = built;
  const { vault, passphrase } = core.config().stellar;
  const terms = { vault, passphrase, explorerUrl: undefined, key: createReceipts(core).key };
  return Promise.all(rows.map((row, index) => receiptView(terms, row, { batch, tree, index })));
}

async function expectProven(receipt: ReceiptView, evidence: Evidence): Promise<void> {
  const checks = await verifyReceipt(receipt, evidence);
  expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
  expect(checks.map(({ name }) => name)).toContain('chain');
}

/** One unit more or less, and a leaf of another place. */
async function expectForgeryNoticed(receipt: ReceiptView, evidence: Evidence): Promise<void> {
  const forged = { ...receipt, leaf: { ...receipt.leaf, payee: receipt.leaf.account } };
  const moved = { ...receipt, index: (receipt.index ?? 0) + 1 };
  for (const each of [forged, moved]) {
    expect((await verifyReceipt(each, evidence)).some(({ state }) => state === 'failed')).toBe(true);
  }
}

/** What was asked of each account for each payee is the sum of its leaves, carried debts included. */
function compareWithLines(core: Core, batch: BatchRow, rows: LeafRow[]): void {
  const asked = core.store.batches.lines(batch.id).map(({ payee, account, amount }) => [`${account} ${payee}`, amount]);
  const sums = new Map<string, bigint>();
  for (const row of rows) {
    const key = `${row.account} ${row.payee}`;
    sums.set(key, (sums.get(key) ?? 0n) + netOf(row));
  }
  const due = [...sums].filter(([, sum]) => sum > 0n);
  expect(new Map(due)).toEqual(new Map(asked as [string, bigint][]));
}

function netOf(row: LeafRow): bigint {
  return row.kind === 'carry' ? row.amount : row.price - row.refund;
}
