import { add, formatUsdc, parseUsdc, subtract, type Units, zero } from '../money.ts';
import { CliError } from './exit-codes.ts';

/** What an account's leaves of one batch come to, beside what the settlement asked of it. */

export type OwnLeaf = { account: string; payee: string } & (
  | { kind: 'call'; call: string; price: string; refund: string }
  | { kind: 'carry'; amount: string; from_lane: number; from_batch: number }
);

export type PlacedReceipt = { lane: number; batch: number; root: string; index: number; leaf: OwnLeaf };

/** As the gateway says it. */
export type SettledLine = { payee: string; amount: string; taken: string | null; payee_listed: boolean };

export type LeafSum = { payee: string; leaves: number; net: string; asked: string; taken: string | null };

/** Per payee, in the order of the lines. */
export function sumLeaves(receipts: readonly PlacedReceipt[], lines: readonly SettledLine[]): LeafSum[] {
  const sums = new Map(lines.map(({ payee }) => [payee, { leaves: 0, net: zero }]));
  for (const { leaf } of receipts) {
    const sum = sums.get(leaf.payee) ?? { leaves: 0, net: zero };
    sums.set(leaf.payee, { leaves: sum.leaves + 1, net: add(sum.net, netOf(leaf)) });
  }
  return [...sums].map(([payee, { leaves, net }]) => {
    const line = lines.find((each) => each.payee === payee);
    return { payee, leaves, net: formatUsdc(net), asked: line?.amount ?? '0', taken: line ? line.taken : '0' };
  });
}

/** Why the leaves do not explain what was asked: one of somebody else, a leaf or call twice, or another sum. Empty when they do. */
export function faultsOfLeaves(own: string, receipts: readonly PlacedReceipt[], sums: readonly LeafSum[]): string[] {
  const faults = sums
    .filter(({ net, asked }) => net !== asked)
    .map(({ payee, net, asked }) => `${asked} USDC were asked for ${payee}, the leaves come to ${net}`);
  if (receipts.some(({ leaf }) => leaf.account !== own)) faults.push('a leaf is another account’s');
  if (new Set(receipts.map(({ index }) => index)).size < receipts.length) faults.push('a leaf is there twice');
  return [...faults, ...billedTwice(receipts)];
}

/** Calls of which more than one leaf stands in a batch, or another one in a batch whose leaves were kept, by their file. */
export function billedTwice(
  receipts: readonly PlacedReceipt[],
  kept: ReadonlyMap<string, readonly PlacedReceipt[]> = new Map(),
): string[] {
  const faults: string[] = [];
  const calls = new Set<string>();
  for (const call of callsOf(receipts)) {
    if (calls.has(call)) faults.push(`call ${call} is billed twice`);
    calls.add(call);
  }
  const [own] = receipts;
  for (const [file, others] of kept) {
    // The leaves of this same batch may have been kept too.
    const elsewhere = others.filter(({ lane, batch }) => lane !== own?.lane || batch !== own.batch);
    for (const call of callsOf(elsewhere)) if (calls.has(call)) faults.push(`call ${call} is billed in ${file} too`);
  }
  return faults;
}

function callsOf(receipts: readonly PlacedReceipt[]): string[] {
  return receipts.flatMap(({ leaf }) => (leaf.kind === 'call' ? [leaf.call] : []));
}

/** What the leaves carry over from each earlier batch and payee. */
export function carriedFrom(
  receipts: readonly PlacedReceipt[],
): { lane: number; batch: number; payee: string; amount: Units }[] {
  const sums = new Map<string, { lane: number; batch: number; payee: string; amount: Units }>();
  for (const { leaf } of receipts) {
    if (leaf.kind !== 'carry') continue;
    const { from_lane: lane, from_batch: batch, payee } = leaf;
    if (![lane, batch].every((number) => Number.isSafeInteger(number) && number >= 0)) {
      throw new CliError('refused', `the gateway names ${lane}/${batch} as a batch that a leaf is carried over from`);
    }
    const key = `${lane} ${batch} ${payee}`;
    const amount = add(sums.get(key)?.amount ?? zero, amountOf(leaf.amount));
    sums.set(key, { lane, batch, payee, amount });
  }
  return [...sums.values()];
}

function netOf(leaf: OwnLeaf): Units {
  return leaf.kind === 'carry' ? amountOf(leaf.amount) : subtract(amountOf(leaf.price), amountOf(leaf.refund));
}

export function amountOf(text: string): Units {
  const amount = parseUsdc(text);
  if (amount !== undefined) return amount;
  throw new CliError('refused', `the gateway names ${text} as an amount`);
}
