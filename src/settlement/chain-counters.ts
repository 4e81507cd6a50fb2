import type { AccountSlot } from '../billing/ledger.ts';
import type { Clock } from '../clock.ts';
import { type Units, zero } from '../money.ts';
import { RpcError } from '../stellar/json-rpc.ts';
import type { Vault } from '../stellar/vault-client.ts';

/** What books and vault both count of an account. Units of 1e-7 USDC. */
export type ChainCounters = { deposited: Units; settled: Units; withdrawn: Units; requested: Units };

/** The first three only grow. */
const fields = ['deposited', 'settled', 'withdrawn', 'requested'] as const;

/**
 * What the vault states of an account for the moment at which the books were read, between two views of it: where a counter
 * moved meanwhile and the books lie between, they are right. Without a second view the first one counts.
 */
export function stated(
  books: ChainCounters,
  before: ChainCounters | undefined,
  after: ChainCounters | undefined,
): ChainCounters {
  const view = { deposited: zero, settled: zero, withdrawn: zero, requested: zero };
  for (const field of fields) {
    const [first, last] = [before?.[field] ?? zero, (after ?? before)?.[field] ?? zero];
    const moved = field === 'requested' ? [first, last].includes(books[field]) : within(books[field], first, last);
    view[field] = moved ? books[field] : last;
  }
  return view;
}

function within(value: Units, from: Units, to: Units): boolean {
  return from <= value && value <= to;
}

export function differs(books: ChainCounters, chain: ChainCounters): boolean {
  return fields.some((field) => books[field] !== chain[field]);
}

export type CountersDeps = {
  vault: Pick<Vault, 'accounts'>;
  /** Brings the books up to the newest ledger. */
  catchUp(signal?: AbortSignal): Promise<void>;
  /** Newest ledger the books know. */
  seenLedger(): number;
  clock: Pick<Clock, 'sleep'>;
};

/**
 * The accounts of these whose counters on chain are not those of the books. What moves meanwhile shows no difference; throws
 * when the server lags behind the books, which proves nothing.
 */
export async function differingFromChain(
  deps: CountersDeps,
  slots: readonly AccountSlot[],
  signal?: AbortSignal,
): Promise<AccountSlot[]> {
  // No answer is of no ledger: nobody has paid in, or the last part was the last.
  if (slots.length === 0) return [];
  const before = await deps.vault.accounts(
    slots.map((slot) => slot.address),
    signal,
  );
  await catchUpTo(deps, before.ledger, signal);
  const held = slots.map(({ deposited, settled, withdrawn, requested }) => ({
    deposited,
    settled,
    withdrawn,
    requested,
  }));
  const seenLedger = deps.seenLedger();
  const suspects = slots.flatMap((slot, index) => {
    const books = held[index];
    const first = before.accounts.get(slot.address);
    return books && differs(books, stated(books, first, undefined)) ? [{ slot, books, first }] : [];
  });
  if (suspects.length === 0) return [];
  const after = await accountsSince(deps, suspects, seenLedger, signal);
  return suspects
    .filter(({ slot, books, first }) => differs(books, stated(books, first, after.accounts.get(slot.address))))
    .map(({ slot }) => slot);
}

/** The server that the books follow may be behind, or stand still: what they do not know yet is no difference. */
export async function catchUpTo(
  { catchUp, seenLedger, clock }: Omit<CountersDeps, 'vault'>,
  ledger: number,
  signal?: AbortSignal,
): Promise<void> {
  for (let look = 1; ; look++) {
    await catchUp(signal);
    if (seenLedger() >= ledger) return;
    if (look === looksMax) {
      throw new RpcError('lagging', `the vault was read of ledger ${ledger}, and the books only of ${seenLedger()}`);
    }
    await clock.sleep(betweenLooksMs, signal);
    signal?.throwIfAborted();
  }
}

/** A second server may be a ledger or two behind the one that the books follow: it is waited for. */
async function accountsSince(
  { vault, clock }: CountersDeps,
  suspects: readonly { slot: AccountSlot }[],
  sinceLedger: number,
  signal?: AbortSignal,
) {
  const addresses = suspects.map(({ slot }) => slot.address);
  for (let look = 1; ; look++) {
    const after = await vault.accounts(addresses, signal);
    if (after.ledger >= sinceLedger) return after;
    if (look === looksMax) {
      throw new RpcError('lagging', `the accounts are of ledger ${after.ledger}, but ${sinceLedger} was read before`);
    }
    await clock.sleep(betweenLooksMs, signal);
    signal?.throwIfAborted();
  }
}

const looksMax = 4;
/** About a ledger, ms. */
const betweenLooksMs = 5_000;
