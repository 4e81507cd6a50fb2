import { depositFirst } from '../../src/cli/sandbox-chain.ts';
import { systemClock } from '../../src/clock.ts';
import { createRandom } from '../simulation/random.ts';
import { type ClientBook, startClients } from './clients.ts';
import { type Comparison, compare, settleAll } from './compare.ts';
import { issueToken, startGateway } from './gateway.ts';
import { openShop } from './shop.ts';

export type CrashReport = Comparison & {
  seed: number;
  kills: number;
  /** Calls under way at the kills, added up: so many may be charged and not served. */
  inFlightAtKills: number;
  /** Calls that were refused for want of money: what was killed then had nothing to lose. */
  unpaid: number;
  reconciled: boolean;
  /** Of each process, ms. */
  readyMs: number[];
};

const clientCount = 16;
/** On a fast machine so many kills use up a first deposit of 200,000 calls and some more. */
const killsADeposit = 100;
/** A process lives at least so long after it is ready, ms, and at most this longer: kills fall at any point of its life. */
const lifeLeastMs = 20;
const lifeSpreadMs = 700;

/**
 * The shipped program under load, killed at moments that a seed chooses and started again, so many times; then the books
 * are compared.
 */
export async function crashLoop(
  { kills, seed }: { kills: number; seed: number },
  onKill: (kill: number, book: ClientBook) => void = () => undefined,
): Promise<CrashReport> {
  const shop = await openShop();
  for (let paid = killsADeposit; paid < kills; paid += killsADeposit) {
    await depositFirst(shop.devnet, shop.vault, shop.keys.consumer, systemClock);
  }
  const random = createRandom(seed);
  const readyMs: number[] = [];
  let inFlightAtKills = 0;
  let gateway = await startGateway(shop);
  try {
    const token = await issueToken(shop);
    const book = startClients(clientCount, shop.url, () => token);
    for (let kill = 1; kill <= kills; kill++) {
      await systemClock.sleep(lifeLeastMs + random.below(lifeSpreadMs));
      inFlightAtKills += book.inFlight;
      await gateway.end('SIGKILL');
      onKill(kill, book);
      gateway = await startGateway(shop);
      readyMs.push(gateway.readyMs);
    }
    await systemClock.sleep(lifeSpreadMs);
    await book.stop();
    const reconciled = await settleAll(shop);
    await gateway.end('SIGTERM');
    const unpaid = book.others.get(402) ?? 0;
    return { ...(await compare(shop, book)), seed, kills, inFlightAtKills, unpaid, reconciled, readyMs };
  } finally {
    await gateway.end('SIGKILL');
    await shop.close();
  }
}
