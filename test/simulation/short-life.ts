import { play } from './commands.ts';
import { Life } from './life.ts';
import type { Random } from './random.ts';
import { type LifeReport, live } from './simulate.ts';

/**
 * A short life: 20 to 40 commands and one fault or two, each at a spot of its own. Thousands of them meet more pairs of a
 * fault and a moment than one long life, in which a fault is mostly followed by calm.
 */
export function simulateShort(seed: number): Promise<LifeReport> {
  const options = {
    // To make a network takes longer than to play on it.
    networkName: `short ${seed % networks}`,
    migrated: seed % 8 !== 0,
    durability: seed % 4 < 2 ? 'disk' : 'process',
  } as const;
  return live(`short life ${seed}`, Life.begin(seed, options), playShort);
}

const networks = 4;

async function* playShort(life: Life): AsyncGenerator<string> {
  const { random } = life;
  const commands = commandsOf(random);
  for (const name of commands) {
    await play(life, name);
    yield name;
  }
}

/** What happens in a life of calls and settlement, by how often. Settlement and chain come more often than in a long life, and calls less. */
export const ordinary: Record<string, number> = {
  call: 30,
  'capped call': 5,
  head: 22,
  'no head': 3,
  end: 22,
  watch: 9,
  // Small sums wait for hours unless somebody asks; a batch is there when a ledger has closed.
  'settle by hand, ledger, settle': 6,
  'ledger, settle': 4,
  settle: 6,
  ledger: 3,
  deposit: 2,
  'deposit of dust': 0.3,
  'request withdrawal': 2,
  'cancel withdrawal': 0.5,
  withdraw: 2,
  'set limit': 1,
  'exit asked': 2,
  'exit sent': 2,
  'classic payment': 2,
  'classic watch': 2,
  'classic forward': 3,
  'classic assigned': 0.7,
  'pay out': 1.5,
  'price changed': 1,
  'time passes': 1,
  restart: 1,
};

function commandsOf(random: Random): string[] {
  const commands = Array.from({ length: 16 + random.below(18) }, () => weighted(ordinary, random).split(', ')).flat();
  for (let faults = random.chance(0.3) ? 2 : 1; faults > 0; faults--) {
    const at = random.below(commands.length);
    commands.splice(at, 0, ...random.pick(misfortunes)(random));
  }
  return commands;
}

/** Each brings a fault; what it needs to be one comes with it. */
const misfortunes: ((random: Random) => string[])[] = [
  () => ['fault of a request'],
  () => ['fault of a request'],
  () => ['fault of a request'],
  () => ['fault of a write'],
  () => ['fault of a write'],
  () => ['fault of a sync'],
  () => ['death'],
  () => ['death'],
  () => ['death'],
  () => ['power cut'],
  () => ['congestion', 'call', 'head', 'end', 'settle', 'time passes', 'congestion ends', 'settle'],
  () => ['transactions fail', 'settle', 'settle', 'settle', 'calm'],
  () => ['surge', 'settle', 'ledger', 'settle', 'calm'],
  () => ['settle', 'watch', 'classic watch', 'history pruned'],
  () => ['clock set'],
  () => ['vault paused', 'settle', 'watch', 'call', 'ledger', 'settle', 'vault unpaused', 'watch', 'settle'],
  () => ['payee removed', 'settle', 'ledger', 'settle', 'watch', 'call', 'payees listed', 'watch', 'settle'],
  () => ['settle', 'vault upgraded', 'settle', 'watch', 'ledger', 'settle'],
  () => ['backup', 'call', 'head', 'settle', 'restore', 'wait of a restore'],
  () => ['backup in flight', 'restore in flight'],
  () => ['settle', 'settle', 'database deleted', 'wait of a restore'],
];

/** One of them by chance, which may be several commands in a row. */
export function weighted(of: Record<string, number>, random: Random): string {
  let left = random.next() * Object.values(of).reduce((sum, weight) => sum + weight, 0);
  for (const [name, weight] of Object.entries(of)) {
    left -= weight;
    if (left < 0) return name;
  }
  return 'ledger';
}
