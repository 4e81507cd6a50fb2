import { systemClock } from '../../src/clock.ts';
import { units } from '../../src/money.ts';
import { createRandom } from '../simulation/random.ts';
import { type Comparison, compare, firstBuyer, settleAll } from './compare.ts';
import { type Consumer, type ConsumerPlan, type Consumers, openConsumers } from './consumers.ts';
import { until } from './devnet-process.ts';
import { launchGateway } from './gateway.ts';
import { openShop, type Shop } from './shop.ts';

export type CrashReport = Comparison & {
  seed: number;
  kills: number;
  /** The account whose money runs out. */
  poor: string;
  reconciled: boolean;
  /** Of each process that followed a kill, ms. */
  readyMs: number[];
};

/** Of those that have enough money, at each API; with the two of the poor account they are 16. */
const richClients: [number, number][] = [
  [5, 4],
  [2, 1],
  [1, 1],
];
/** 0.625 USDC for each client: 12,500 calls, which on a fast machine last for so many kills and some more. */
const clientDeposit = 6_250_000n;
const killsADeposit = 100;
/** 0.001 USDC, the least that the vault takes: some twenty calls, which two clients use up within a life or two. */
const poorDeposit = units(10_000n);
const killsATopUp = 3;
/** A process lives at least so long after it is ready, ms, and at most this longer: kills fall at any point of its life. */
const lifeLeastMs = 20;
const lifeSpreadMs = 700;

/**
 * The shipped program under load, killed at moments that a seed chooses and started again, so many times; then the books
 * are compared. It sells two APIs of two payees to accounts of uneven load, and one of them runs out of money.
 */
export async function crashLoop(
  { kills, seed }: { kills: number; seed: number },
  onKill: (kill: number, served: number) => void = () => undefined,
): Promise<CrashReport> {
  const shop = await openShop();
  const random = createRandom(seed);
  const readyMs: number[] = [];
  let consumers: Consumers | undefined;
  let gateway = launchGateway(shop, { firstStart: true });
  try {
    await gateway.untilReady();
    consumers = await openConsumers(shop, [{ first: poorDeposit, clients: [1, 1] }, ...richPlans(kills)]);
    await startCalls(shop, consumers);
    const [poor] = consumers.all;
    if (!poor) throw new Error('nobody buys');
    for (let kill = 1; kill <= kills; kill++) {
      // Under way while the process dies, so that it sees the deposit at any point of its life, or in its next one.
      const paying = kill % killsATopUp === 0 ? consumers.deposit(poor, poorDeposit) : undefined;
      await systemClock.sleep(lifeLeastMs + random.below(lifeSpreadMs));
      consumers.noteCutOff();
      await gateway.end('SIGKILL');
      onKill(kill, consumers.served());
      gateway = launchGateway(shop);
      readyMs.push(await gateway.untilReady());
      await paying;
    }
    await systemClock.sleep(lifeSpreadMs);
    await untilRunOut(poor);
    await consumers.stop();
    const reconciled = await settleAll(shop);
    await gateway.end('SIGTERM');
    const found = await compare(shop, [firstBuyer(shop), ...consumers.all]);
    return { ...found, seed, kills, poor: poor.address, reconciled, readyMs };
  } finally {
    await gateway.end('SIGKILL');
    await consumers?.stop();
    await shop.close();
  }
}

function richPlans(kills: number): ConsumerPlan[] {
  const deposits = BigInt(Math.ceil(kills / killsADeposit));
  return richClients.map(([one, other]) => ({
    first: units(BigInt(one + other) * clientDeposit * deposits),
    clients: [one, other],
  }));
}

/** None calls before its deposit is credited: a 402 would say that the money was too little for the kills. */
async function startCalls({ books }: Shop, consumers: Consumers): Promise<void> {
  await consumers.pause();
  await consumers.issueTokens();
  for (const { address } of consumers.all) {
    await until(
      () => books.account(address),
      ({ spendable }) => Number(spendable) > 0,
    );
  }
  consumers.resume();
}

/** Or until it was sold more than it had, which the verdict tells. */
async function untilRunOut({ lines, deposited }: Consumer): Promise<void> {
  const refused = () => lines.some(({ book }) => book.others.has(402));
  const sold = () => lines.reduce((sum, { api, book }) => sum + BigInt(book.whole) * api.price, 0n);
  while (!refused() && sold() <= deposited) await systemClock.sleep(20);
}
