import { firstDeposit } from '../../src/cli/sandbox-chain.ts';
import { systemClock } from '../../src/clock.ts';
import { createRpc } from '../../src/stellar/rpc.ts';
import { createVault } from '../../src/stellar/vault-client.ts';
import { callora } from '../support/callora-process.ts';
import type { Consumer } from './consumers.ts';
import { type LineBooks, linesOf } from './line-books.ts';
import type { Shop } from './shop.ts';
import { readSoldBooks } from './sold-books.ts';

/** The books of clients, services, database and vault, laid side by side. Amounts in units of 1e-7 USDC. */
export type Comparison = {
  lines: LineBooks[];
  accounts: { address: string; deposited: [owner: bigint, vault: bigint, books: bigint]; settled: bigint }[];
  /** What each has earned by the vault. */
  payees: { address: string; earned: bigint }[];
  /** What the database says was to be settled in sum, at the prices that it has itself. */
  owed: bigint;
};

export type Buyer = Pick<Consumer, 'address' | 'deposited' | 'lines'>;

/** Settles all but the calls that a kill cut off: those wait for their age or the operator's word. True when the books agree. */
export async function settleAll(shop: Shop): Promise<boolean> {
  await callora(['settle', 'now', '--config', shop.config]);
  const { code } = await callora(['reconcile', '--config', shop.config]);
  return code === 0;
}

/** The account that a shop opens with. */
export function firstBuyer(shop: Shop, lines: Consumer['lines'] = []): Buyer {
  return { address: shop.consumer, deposited: firstDeposit, lines };
}

/** After the gateway has ended: its database is opened. Who is in any of the books is compared, also where clients know nothing of it. */
export async function compare(shop: Shop, buyers: Buyer[]): Promise<Comparison> {
  const books = readSoldBooks(shop.databaseFile);
  const lines = linesOf(shop.apis, buyers, books.lines);
  const { rpcUrl: url, passphrase } = shop.devnet;
  const vault = createVault({ rpc: createRpc({ url, passphrase, clock: systemClock }), vault: shop.vault });
  const addresses = new Set([...buyers.map(({ address }) => address), ...books.deposited.keys()]);
  const accounts: Comparison['accounts'] = [];
  for (const address of addresses) {
    const { deposited, settled } = await vault.account(address);
    const owner = buyers.find((buyer) => buyer.address === address)?.deposited ?? 0n;
    accounts.push({ address, deposited: [owner, deposited, books.deposited.get(address) ?? 0n], settled });
  }
  const payees: Comparison['payees'] = [];
  for (const address of new Set([...shop.apis, ...lines].map(({ payee }) => payee))) {
    payees.push({ address, earned: (await vault.earnings(address, 0)).gross });
  }
  return { lines, accounts, payees, owed: books.owed };
}
