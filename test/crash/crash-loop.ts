import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createRpc } from '../../src/stellar/rpc.ts';
import { createVault } from '../../src/stellar/vault-client.ts';
import { openStore } from '../../src/store/store.ts';
import { createRandom } from '../simulation/random.ts';
import { callora } from '../support/callora-process.ts';
import { type ClientBook, startClients } from './clients.ts';
import { openShop, priceUnits, type Shop } from './shop.ts';

export type CrashReport = {
  seed: number;
  kills: number;
  served: number;
  charged: number;
  refunded: number;
  forwarded: number;
  /** Calls under way at the kills, added up: so many may be charged and not served. */
  inFlightAtKills: number;
  /** Served and not charged: must be empty. */
  givenAway: string[];
  /** Charged and never forwarded: must be empty. */
  unforwarded: string[];
  /** Forwarded more than once: must be empty. */
  repeated: string[];
  settledOnChain: bigint;
  /** What the books say is to be settled in the end: price × calls, less refunds. */
  owed: bigint;
  reconciled: boolean;
  /** From the start of each process to its first answer of `/readyz` with 200, ms. */
  readyMs: number[];
};

const clientCount = 16;
/** A process lives at least so long after it is ready, ms, and at most this longer: kills fall at any point of its life. */
const lifeLeastMs = 20;
const lifeSpreadMs = 700;

/**
 * The shipped program under load, killed at moments that a seed chooses and started again, so many times; then the books of
 * the clients, of the service, of the database and of the vault are laid side by side.
 */
export async function crashLoop(
  { kills, seed }: { kills: number; seed: number },
  onKill: (kill: number, book: ClientBook) => void = () => undefined,
): Promise<CrashReport> {
  const shop = await openShop();
  const random = createRandom(seed);
  const readyMs: number[] = [];
  let inFlightAtKills = 0;
  let gateway = await start(shop, readyMs);
  try {
    const token = (
      await callora(['token', 'issue', '--config', shop.config, '--account', shop.consumer])
    ).stdout.trim();
    await untilSold(shop, token);
    const book = startClients(clientCount, shop.url, token);
    for (let kill = 1; kill <= kills; kill++) {
      await systemClock.sleep(lifeLeastMs + random.below(lifeSpreadMs));
      inFlightAtKills += book.inFlight;
      gateway.kill('SIGKILL');
      await once(gateway, 'exit');
      onKill(kill, book);
      gateway = await start(shop, readyMs);
    }
    await systemClock.sleep(lifeSpreadMs);
    await book.stop();
    const reconciled = await settleAll(shop);
    gateway.kill('SIGTERM');
    await once(gateway, 'exit');
    return { ...(await compare(shop, book)), seed, kills, inFlightAtKills, reconciled, readyMs };
  } finally {
    gateway.kill('SIGKILL');
    await shop.close();
  }
}

const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');

/** Resolves when the process says that it can serve. */
async function start(shop: Shop, readyMs: number[]): Promise<ChildProcess> {
  const startedMs = systemClock.monotonicMs();
  const child = spawn(process.execPath, [launcher, 'serve', '--config', shop.config], { stdio: 'ignore' });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the gateway ended by itself with ${child.exitCode}`);
    const answer = await fetch(`${shop.adminUrl}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.status === 200) break;
    await systemClock.sleep(10);
  }
  readyMs.push(systemClock.monotonicMs() - startedMs);
  return child;
}

/** The first deposit has to be seen before anything is sold. */
async function untilSold(shop: Shop, token: string): Promise<void> {
  for (;;) {
    const answer = await fetch(shop.url, { headers: { authorization: `Bearer ${token}` } });
    await answer.arrayBuffer().catch(() => undefined);
    if (answer.status === 200) return;
    await systemClock.sleep(50);
  }
}

/** Settles all but the calls that a kill cut off: those wait for their age or the operator's word. True when the books agree. */
async function settleAll(shop: Shop): Promise<boolean> {
  await callora(['settle', 'now', '--config', shop.config]);
  const { code } = await callora(['reconcile', '--config', shop.config]);
  return code === 0;
}

async function compare(
  shop: Shop,
  book: ClientBook,
): Promise<Omit<CrashReport, 'seed' | 'kills' | 'inFlightAtKills' | 'reconciled' | 'readyMs'>> {
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
