import { execFileSync } from 'node:child_process';
import { systemClock } from '../../src/clock.ts';
import { parseUsdc, units } from '../../src/money.ts';
import type { Vault } from '../../src/stellar/vault-client.ts';
import type { Random } from '../simulation/random.ts';
import { callora } from '../support/callora-process.ts';
import { type Consumer, type Consumers, exitAmount } from './consumers.ts';
import { until } from './devnet-process.ts';
import type { Flight } from './flights.ts';
import { type GatewayProcess, launchGateway } from './gateway.ts';
import { copyWithLog, type LeftBooks, readLeftBooks, removeWithLog } from './left-books.ts';
import type { Shop } from './shop.ts';

/** What is left of the books when they are lost. */
export type Way = 'nothing' | 'a backup' | 'its files, put back by hand';

/** One loss, as clients, service, databases and vault saw it. */
export type Loss = Generation & {
  way: Way;
  flight: string;
  /** Whether the batch and an exit of the process before landed behind the loss. */
  landedAfter: boolean;
  exitLanded: boolean;
  /** Of what came back; undefined when nothing did. */
  copy: LeftBooks | undefined;
  /** Answers with a 2xx head between the kill and the end of the wait. */
  servedTooEarly: number;
  /** What `/readyz` said at the starts after it. */
  said: string[];
  accounts: AccountAfter[];
  reconciled: boolean;
  /** By `callora reconcile`: what the vault took for calls that no database knows any more. */
  settledElsewhere: bigint;
};

/** What happened from one loss to the next. */
export type Generation = {
  /** Ids in the database when it began, or came back. */
  begun: Set<string>;
  served: Set<string>;
  forwarded: string[];
  /** Calls under way when it ended. */
  inFlight: number;
  lost: LeftBooks;
};

/** By its owner, by the vault, and by the books as soon as they are the vault's again. Units of 1e-7 USDC. */
export type AccountAfter = {
  address: string;
  deposited: [owner: bigint, vault: bigint, books: bigint];
  withdrawn: [owner: bigint, vault: bigint, books: bigint];
  /** By the vault. */
  settled: bigint;
  /** By the books: settled, and still to be settled. */
  asked: bigint;
};

export type World = {
  shop: Shop;
  vault: Vault;
  consumers: Consumers;
  random: Random;
  gateway: GatewayProcess;
  begun: Set<string>;
};

/** What `/readyz` says of books that are taken over, and of those that do not know that they are old: by the watcher, or by the settler. */
export const waits = /waiting for \d+ s of chain time/;
export const tooOld = /a batch that is not in this database|this database knows only/;

const depositAmount = units(500_000n);

/** Plays one loss, under load from its first to its last moment but the comparison; the world goes on with what came back. */
export async function lose(world: World, way: Way, flight: Flight, file: string): Promise<Loss> {
  const { shop, consumers, random } = world;
  await systemClock.sleep(random.below(500));
  await copyBooks(world, way, file);
  const copy = way === 'nothing' ? undefined : readLeftBooks(file);
  const exit = await moveMoney(world);
  await flight.hold();
  await systemClock.sleep(random.below(150));
  const generation = await kill(world);
  const servedAtKill = consumers.served();

  const said = await putBack(world, way, file);
  world.gateway = launchGateway(shop);
  said.push(await saysWhy(world, waits));
  // From here to the end of the wait the clients knock with tokens that are good.
  await consumers.issueTokens();
  // Not the one that was in the air first: on a busy machine it may have landed, and another followed it.
  const landedAfter = await flight.release(generation.lost.lastSent);
  const exitLanded = await exit.send();
  await consumers.deposit(random.pick(consumers.all), depositAmount);
  await consumers.pause();
  const servedTooEarly = consumers.served() - servedAtKill;
  const settled = await settledOf(world);
  await shop.devnet.control('devnet_increaseTime', { seconds: 601 });
  await shop.devnet.control('devnet_mine', { ledgers: 125 });
  await world.gateway.untilReady();

  const accounts = await Promise.all(consumers.all.map((each) => accountAfter(world, each, settled)));
  const books = await reconcile(shop);
  world.begun = copy?.charges ?? new Set();
  for (const { book } of consumers.lines) book.served.clear();
  consumers.resume();
  return {
    way,
    flight: flight.name,
    landedAfter,
    exitLanded,
    ...generation,
    copy,
    servedTooEarly,
    said,
    accounts,
    ...books,
  };
}

/** While calls go on. */
async function copyBooks({ shop, consumers, gateway }: World, way: Way, file: string): Promise<void> {
  if (way === 'nothing') return;
  // What was under way at that moment may be refunded later, which the copy will not know.
  for (const line of consumers.lines) line.cutOff += line.book.clients;
  if (way === 'a backup') {
    await run(shop, 'backup', file);
    return;
  }
  // Files as a snapshot of the disk has them: those of a process that runs on meanwhile need not fit together.
  process.kill(gateway.pid, 'SIGSTOP');
  await untilStopped(gateway.pid);
  copyWithLog(shop.databaseFile, file);
  process.kill(gateway.pid, 'SIGCONT');
}

/** The signal is on its way for a moment, in which a thread may still write. */
async function untilStopped(pid: number): Promise<void> {
  await until(
    async () => execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }),
    (state) => state.startsWith('T'),
    1,
  );
}

/** Behind the copy: a deposit, an exit that lands, one that its owner keeps for later, and a settlement. */
async function moveMoney({ consumers, random, vault }: World): Promise<{ send(): Promise<boolean> }> {
  const { batch: before } = await vault.lastBatch(0);
  await consumers.deposit(random.pick(consumers.all), depositAmount);
  const [leaving, kept] = consumers.nextToLeave();
  await consumers.sendExit(leaving, exitAmount, await consumers.signExit(leaving, exitAmount));
  const exit = await consumers.signExit(kept, exitAmount);
  await until(
    () => vault.lastBatch(0),
    ({ batch }) => batch > before,
  );
  return { send: () => consumers.sendExit(kept, exitAmount, exit) };
}

async function kill({ shop, consumers, gateway, begun }: World): Promise<Generation> {
  const inFlight = consumers.lines.reduce((sum, { book }) => sum + book.inFlight, 0);
  consumers.noteCutOff();
  await gateway.end('SIGKILL');
  // What is on its way stays so: a fault is met by whoever asks from now on.
  await shop.devnet.control('devnet_clearFaults');
  // What was on the line is read now or never.
  await consumers.pause();
  const served = new Set(consumers.lines.flatMap(({ book }) => [...book.served]));
  consumers.resume();
  return { begun, served, forwarded: takeArrived(shop), inFlight, lost: readLeftBooks(shop.databaseFile) };
}

/** Ids of the calls that arrived since this was asked last. */
export function takeArrived({ apis }: Shop): string[] {
  const ids = apis.flatMap(({ arrived }) => [...arrived.values()].flat());
  for (const { arrived } of apis) arrived.clear();
  return ids;
}

/** What is said meanwhile by a gateway that does not know that its books are old. */
async function putBack(world: World, way: Way, file: string): Promise<string[]> {
  const { shop } = world;
  if (way === 'a backup') await run(shop, 'restore', file);
  else removeWithLog(shop.databaseFile);
  if (way !== 'its files, put back by hand') return [];
  copyWithLog(file, shop.databaseFile);
  world.gateway = launchGateway(shop);
  const said = await saysWhy(world, tooOld);
  await world.gateway.end('SIGTERM');
  await run(shop, 'backup', `${file}.backup`);
  await run(shop, 'restore', `${file}.backup`);
  return [said];
}

async function saysWhy({ gateway }: World, why: RegExp): Promise<string> {
  const { reasons } = await until(gateway.readiness, (seen) => why.test(seen.reasons.join()));
  return reasons.join('; ');
}

async function run(shop: Shop, command: string, file: string): Promise<void> {
  const { code, stderr } = await callora([command, file, '--config', shop.config]);
  if (code !== 0) throw new Error(`callora ${command} ended with ${code}: ${stderr}`);
}

export async function settledOf({
  consumers,
  vault,
}: Pick<World, 'consumers' | 'vault'>): Promise<Map<string, bigint>> {
  const settled = new Map<string, bigint>();
  for (const { address } of consumers.all) settled.set(address, (await vault.account(address)).settled);
  return settled;
}

async function accountAfter(
  { shop, vault }: World,
  { address, deposited, withdrawn }: Consumer,
  settled: ReadonlyMap<string, bigint>,
): Promise<AccountAfter> {
  const onChain = await vault.account(address);
  const books = await shop.books.account(address);
  const asked = [books.settled, books.unsettled, books.receivable, books.held_for_payee].map(usdc);
  return {
    address,
    deposited: [deposited, onChain.deposited, usdc(books.deposited)],
    withdrawn: [withdrawn, onChain.withdrawn, usdc(books.withdrawn)],
    settled: settled.get(address) ?? 0n,
    asked: asked.reduce((sum, amount) => sum + amount, 0n),
  };
}

export async function reconcile(shop: Shop): Promise<Pick<Loss, 'reconciled' | 'settledElsewhere'>> {
  const { code, stdout } = await callora(['reconcile', '--config', shop.config, '--json']);
  const { totals }: { totals: { name: string; amount: string }[] } = JSON.parse(stdout);
  const elsewhere = totals.find(({ name }) => name === 'settled elsewhere');
  return { reconciled: code === 0, settledElsewhere: usdc(elsewhere?.amount ?? '') };
}

function usdc(text: string): bigint {
  const amount = parseUsdc(text);
  if (amount === undefined) throw new Error(`${text} is no amount of USDC`);
  return amount;
}
