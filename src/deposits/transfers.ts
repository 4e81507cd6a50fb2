import type { Log } from '../log.ts';
import { cursorLedger } from '../stellar/event-cursor.ts';
import { RpcError } from '../stellar/json-rpc.ts';
import type { EventsRequest, Rpc } from '../stellar/rpc.ts';
import { decodeTransfer, type TransferEvent, transfersTo } from '../stellar/token-events.ts';
import { decodeVaultEvent } from '../stellar/vault-events.ts';
import type { VaultEventRow } from '../store/deposits.ts';
import type { Store } from '../store/store.ts';
import { noteTransferGap } from '../store/unseen.ts';

export type TransferDeps = {
  rpc: Pick<Rpc, 'events'>;
  deposits: Pick<Store['deposits'], 'applyPage' | 'cursor'>;
  meta: Pick<Store['meta'], 'get' | 'set'>;
  log: Pick<Log, 'error'>;
  vault: string;
  /** C… address of the USDC contract. */
  token: string;
};

const cursorName = 'transfers';
const pageLimit = 200;
const vaultEventsMax = 10_000;
/** The first ledger with transactions. */
const firstLedger = 2;

/** `startLedger`: nothing came in before. */
type Place = { oldestLedger: number; latestLedger: number; startLedger: number; closedAtMs: number };

/**
 * Books what was sent to the vault without a deposit: nobody's money that only a person can send back, by `sweep`. One page
 * a call; true when there may be more.
 */
export async function followTransfers(deps: TransferDeps, place: Place, signal?: AbortSignal): Promise<boolean> {
  const from = startOfPage(deps, place);
  const request = { from, contractId: deps.token, topics: transfersTo(deps.vault), limit: pageLimit };
  const page = await deps.rpc.events(request, signal);
  const events = page.events.map(decodeTransfer);
  const transfers = events.filter((event) => event.kind === 'transfer');
  const bare = await withoutDeposits(deps, transfers, signal);
  const rows: VaultEventRow[] = [
    ...bare.map((event) => ({ ...placeOf(event), kind: 'transfer', amount: event.amount, data: about(event) })),
    ...events
      .filter((event) => event.kind === 'unreadable')
      .map((event) => ({ ...placeOf(event), kind: 'unreadable', data: event.raw, note: event.reason })),
  ];
  const ledger = cursorLedger(page.cursor) ?? page.latestLedger;
  const { closedAtMs } = place;
  deps.deposits.applyPage({ name: cursorName, cursor: page.cursor, ledger, closedAtMs, events: rows });
  return (
    page.events.length >= pageLimit ||
    (ledger < page.latestLedger && !('cursor' in from && from.cursor === page.cursor))
  );
}

/** Where the source has forgotten what comes next, that is noted before the cursor goes on behind it. */
function startOfPage({ deposits, meta, log }: TransferDeps, { oldestLedger, latestLedger, startLedger }: Place) {
  const cursor = deposits.cursor(cursorName);
  if (cursor && cursor.ledger >= oldestLedger) return { cursor: cursor.cursor };
  const wanted = cursor?.ledger ?? startLedger;
  if (Math.max(wanted, firstLedger) < oldestLedger) {
    const gap = { fromLedger: wanted, toLedger: oldestLedger - 1 };
    noteTransferGap(meta, gap);
    // Before the first page it is how every database begins whose vault is not of its time.
    if (cursor) log.error(gap, 'the source no longer has these ledgers; transfers to the vault in them stay unseen');
  }
  return { startLedger: Math.min(latestLedger, Math.max(wanted, oldestLedger)) };
}

/** Takes out the transfers that a deposit of the same transaction, sender and amount explains, one for one. */
async function withoutDeposits(deps: TransferDeps, transfers: TransferEvent[], signal?: AbortSignal) {
  if (transfers.length === 0) return [];
  const explained = new Map<string, number>();
  for (const raw of await vaultEventsOf(deps, transfers, signal)) {
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

async function vaultEventsOf(deps: TransferDeps, transfers: TransferEvent[], signal?: AbortSignal) {
  const ledgers = transfers.map((event) => event.ledger);
  const endLedger = Math.max(...ledgers) + 1;
  const events = [];
  for (let from: EventsRequest['from'] = { startLedger: Math.min(...ledgers), endLedger }; ; ) {
    const page = await deps.rpc.events({ from, contractId: deps.vault, limit: vaultEventsMax }, signal);
    // A server that has not seen the last of them would have its deposit counted as nobody's, for good.
    if (page.latestLedger < endLedger - 1) {
      throw new RpcError('lagging', `the RPC is at ledger ${page.latestLedger}, but was at ${endLedger - 1} before`);
    }
    events.push(...page.events);
    if (page.events.length < vaultEventsMax || (cursorLedger(page.cursor) ?? endLedger) >= endLedger) return events;
    from = { cursor: page.cursor };
  }
}

function placeOf({ id, ledger, closedAtMs, txHash }: Omit<VaultEventRow, 'kind' | 'data'>) {
  return { id, ledger, closedAtMs, txHash };
}

function about({ from, to, amount }: TransferEvent): string {
  return JSON.stringify({ from, to, amount: amount.toString() });
}
