import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { units } from '../../src/money.ts';
import { readHolding } from '../../src/stellar/account-transactions.ts';
import { createVault } from '../../src/stellar/vault-client.ts';
import { createRandom } from '../simulation/random.ts';
import { type ConsumerPlan, type Line, openConsumers } from './consumers.ts';
import { until } from './devnet-process.ts';
import { flightsOf } from './flights.ts';
import { launchGateway } from './gateway.ts';
import { type LeftAccount, readLeftBooks } from './left-books.ts';
import { type Generation, type Loss, lose, reconcile, settledOf, takeArrived, type Way, type World } from './loss.ts';
import { openShop, type Shop } from './shop.ts';

export type LossReport = {
  seed: number;
  losses: Loss[];
  end: LossEnd;
};

/** When all is settled that can be, and the gateway was stopped. Units of 1e-7 USDC. */
export type LossEnd = Generation & {
  reconciled: boolean;
  accounts: {
    address: string;
    settled: bigint;
    books: LeftAccount;
    /** Price of the calls whose answers came whole, and of those that were cut off. */
    most: bigint;
  }[];
  /** By the vault, and what a payee's account holds: it gets nothing from anywhere else. */
  payees: { address: string; most: bigint; gross: bigint; netPaid: bigint; feePaid: bigint; holds: bigint }[];
};

/** 0.01 USDC, 250 calls: its clients run into 402. */
const poor: ConsumerPlan = { first: units(100_000n), clients: [1, 1] };
const rich: ConsumerPlan = { first: units(100_000_000n), clients: [1, 1] };
const plans = [poor, ...Array.from({ length: 7 }, () => rich)];

const ways: readonly Way[] = ['a backup', 'nothing', 'its files, put back by hand'];

/**
 * The shipped program under load, whose database is lost again and again while a batch is on its way, at moments that a
 * seed chooses. In twelve losses, each way to lose it meets each kind of flight.
 */
export async function lossLoop(
  { losses: wanted, seed }: { losses: number; seed: number },
  onLoss: (loss: Loss, index: number) => void = () => undefined,
): Promise<LossReport> {
  const shop = await openShop();
  payOften(shop);
  const random = createRandom(seed);
  let world: World | undefined;
  let gateway = launchGateway(shop, { firstStart: true });
  try {
    await gateway.untilReady();
    const consumers = await openConsumers(shop, plans);
    await consumers.issueTokens();
    const vault = createVault({ rpc: consumers.chain.rpc, vault: shop.vault });
    world = { shop, vault, consumers, random, gateway, begun: new Set() };
    const flights = flightsOf(shop, vault);
    const losses: Loss[] = [];
    for (let index = 0; index < wanted; index++) {
      const way = ways[index % ways.length];
      const flight = flights[(Math.floor(index / ways.length) + (index % ways.length)) % flights.length];
      if (!flight || !way) break;
      const loss = await lose(world, way, flight, path.join(shop.folder, `left-${index}.db`));
      losses.push(loss);
      onLoss(loss, index);
    }
    return { seed, losses, end: await end(world) };
  } finally {
    gateway = world?.gateway ?? gateway;
    await gateway.end('SIGKILL');
    await world?.consumers.stop();
    await shop.close();
  }
}

/** Payouts go on all the while, and seldom enough for a settlement to be what is on its way. */
function payOften({ config }: Shop): void {
  const yaml = fs.readFileSync(config, 'utf8');
  const seldom = 'payout_min: "1", payout_interval: 30s';
  if (!yaml.includes(seldom)) throw new Error(`the sandbox's config has no ${seldom}`);
  fs.writeFileSync(config, yaml.replace(seldom, 'payout_min: "0.005", payout_interval: 5s'));
}

async function end(world: World): Promise<LossEnd> {
  const { shop, vault, consumers, begun } = world;
  await systemClock.sleep(500);
  await consumers.stop();
  const served = new Set(consumers.lines.flatMap(({ book }) => [...book.served]));
  await shop.books.settleNow();
  // Settlement goes before payouts, and may have left them no moment: now each payee gets what is due without being asked for.
  for (const { payee } of shop.apis) {
    await until(
      () => vault.earnings(payee, 0),
      ({ netPaid }) => netPaid > 0n,
    );
  }
  const { reconciled } = await reconcile(shop);
  await world.gateway.end('SIGTERM');
  const lost = readLeftBooks(shop.databaseFile);
  const settled = await settledOf(world);
  const payees: LossEnd['payees'] = [];
  for (const api of shop.apis) {
    const most = mostOf(consumers.lines.filter((line) => line.api === api));
    const holding = await readHolding(consumers.chain.rpc, shop.token, api.payee);
    const holds = holding.ok ? holding.balance : 0n;
    payees.push({ address: api.payee, most, ...(await vault.earnings(api.payee, 0)), holds });
  }
  return {
    begun,
    served,
    forwarded: takeArrived(shop),
    inFlight: 0,
    lost,
    reconciled,
    accounts: consumers.all.flatMap(({ address, lines }) => {
      const books = lost.accounts.get(address);
      return books ? [{ address, settled: settled.get(address) ?? 0n, books, most: mostOf(lines) }] : [];
    }),
    payees,
  };
}

function mostOf(lines: Line[]): bigint {
  return lines.reduce((sum, { api, book, cutOff }) => sum + BigInt(book.whole + cutOff) * api.price, 0n);
}
