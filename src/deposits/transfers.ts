import { cursorLedger } from '../stellar/event-cursor.ts';
import type { Rpc } from '../stellar/rpc.ts';
import { decodeTransfer, type TransferEvent, transfersTo } from '../stellar/token-events.ts';
import { decodeVaultEvent } from '../stellar/vault-events.ts';
import type { VaultEventRow } from '../store/deposits.ts';
import type { Store } from '../store/store.ts';

export type TransferDeps = {
  rpc: Pick<Rpc, 'events'>;
  deposits: Pick<Store['deposits'], 'applyPage' | 'cursor'>;
  vault: string;
  /** C… address of the USDC contract. */
  token: string;
};

const cursorName = 'transfers';
const pageLimit = 200;
const vaultEventsMax = 10_000;

/**
 * Books what was sent to the vault without a deposit: nobody's money that only a person can send back, by `sweep`. One page
 * a call; true when there may be more.
 */
export async function followTransfers(
  deps: TransferDeps,
  { oldestLedger, closedAtMs }: { oldestLedger: number; closedAtMs: number },
  signal?: AbortSignal,
): Promise<boolean> {
  const cursor = deps.deposits.cursor(cursorName);
  const from = cursor && cursor.ledger >= oldestLedger ? { cursor: cursor.cursor } : { startLedger: oldestLedger };
  const request = { from, contractId: deps.token, topics: transfersTo(deps.vault), limit: pageLimit };
  const page = await deps.rpc.events(request, signal);
  const events = page.events.map(decodeTransfer);
  const transfers = events.filter((event) => event.kind === 'transfer');
  const bare = await withoutDeposits(deps, transfers, signal);
  const rows: VaultEventRow[] = [
    ...bare.map((event) => ({ ...place(event), kind: 'transfer', amount: event.amount, data: about(event) })),
    ...events
      .filter((event) => event.kind === 'unreadable')
      .map((event) => ({ ...place(event), kind: 'unreadable', data: event.raw, note: event.reason })),
  ];
  const ledger = cursorLedger(page.cursor) ?? page.latestLedger;
  deps.deposits.applyPage({ name: cursorName, cursor: page.cursor, ledger, closedAtMs, events: rows });
  return page.events.length >= pageLimit;
}

/** Takes out the transfers that a deposit of the same transaction, sender and amount explains, one for one. */
async function withoutDeposits(deps: TransferDeps, transfers: TransferEvent[], signal?: AbortSignal) {
  if (transfers.length === 0) return [];
  const ledgers = transfers.map((event) => event.ledger);
  const from = { startLedger: Math.min(...ledgers), endLedger: Math.max(...ledgers) + 1 };
  const page = await deps.rpc.events({ from, contractId: deps.vault, limit: vaultEventsMax }, signal);
  const explained = new Map<string, number>();
  for (const raw of page.events) {
    const event = decodeVaultEvent(raw, deps.vault);
    if (event.kind !== 'deposit') continue;
    const key = `${event.txHash} ${event.from} ${event.amount}`;
    explained.set(key, (explained.get(key) ?? 0) + 1);
  }
  return transfers.filter(({ txHash, from: sender, amount }) => {
    const key = `${txHash} ${sender} ${amount}`;
    const left = explained.get(key) ?? 0;
    if (left > 0) explained.set(key, left - 1);
    return left === 0;
  });
}

function place({ id, ledger, closedAtMs, txHash }: Omit<VaultEventRow, 'kind' | 'data'>) {
  return { id, ledger, closedAtMs, txHash };
}

function about({ from, to, amount }: TransferEvent): string {
  return JSON.stringify({ from, to, amount: amount.toString() });
}
