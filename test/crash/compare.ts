import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createRpc } from '../../src/stellar/rpc.ts';
import { createVault } from '../../src/stellar/vault-client.ts';
import { openStore } from '../../src/store/store.ts';
import { callora } from '../support/callora-process.ts';
import type { ClientBook } from './clients.ts';
import { priceUnits, type Shop } from './shop.ts';

/** The books of clients, service, database and vault, laid side by side. */
export type Comparison = {
  served: number;
  charged: number;
  refunded: number;
  forwarded: number;
  /** Served and not charged: must be empty. */
  givenAway: string[];
  /** Charged and never forwarded: must be empty. */
  unforwarded: string[];
  /** Forwarded more than once: must be empty. */
  repeated: string[];
  settledOnChain: bigint;
  /** What the books say was to be settled: price × calls, less refunds and what is still to be settled. */
  owed: bigint;
};

/** Settles all but the calls that a kill cut off: those wait for their age or the operator's word. True when the books agree. */
export async function settleAll(shop: Shop): Promise<boolean> {
  await callora(['settle', 'now', '--config', shop.config]);
  const { code } = await callora(['reconcile', '--config', shop.config]);
  return code === 0;
}

/** After the gateway has ended: its database is opened. */
export async function compare(shop: Shop, book: ClientBook): Promise<Comparison> {
  const store = openStore({ path: shop.databaseFile, clock: systemClock, log: silentLog() });
  const ids = store.db.prepare<[], number>('SELECT id FROM charges').pluck().all().map(String);
  const refunded = store.db.prepare<[], number>('SELECT COUNT(*) FROM refunds').pluck().get() ?? 0;
  const waiting = store.charges.unsealed().net;
  await store.close();
  const charged = new Set(ids);
  const forwarded = new Set(shop.forwarded);
  const { rpcUrl: url, passphrase } = shop.devnet;
  const vault = createVault({ rpc: createRpc({ url, passphrase, clock: systemClock }), vault: shop.vault });
  return {
    served: book.served.size,
    charged: charged.size,
    refunded,
    forwarded: forwarded.size,
    givenAway: [...book.served].filter((id) => !charged.has(id)),
    unforwarded: ids.filter((id) => !forwarded.has(id)),
    repeated: repeatedIn(shop.forwarded),
    settledOnChain: (await vault.account(shop.consumer)).settled,
    owed: BigInt(charged.size - refunded) * priceUnits - waiting,
  };
}

function repeatedIn(ids: string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.size === seen.add(id).size);
}
