import { availableParallelism } from 'node:os';
import { Option } from 'commander';
import { countFromOne, randomSeed, scriptCommand, wholeNumber } from '../../scripts/script-command.ts';
import { changes } from './changes.ts';
import { BrokenLife, playAll } from './players.ts';
import { scripts } from './script.ts';
import type { FaultsPlayed } from './single-faults.ts';

const options = scriptCommand(
  'simulate',
  'Lives of a gateway by chance, on the real contract, with faults: one seed after the other, until one of them breaks or all are through.',
)
  .option('--seed <number>', 'of the first life; by chance without it', wholeNumber)
  .option('--lives <number>', 'how many', countFromOne, 100)
  .option('--commands <number>', 'how long each of them is', countFromOne, 1000)
  .option('--short', 'lives of 20 to 40 commands instead, each with a fault or two')
  .option('--json', 'the counts as JSON')
  .addOption(
    new Option('--faults <script>', 'instead, every fault at every spot of a script, one a life').choices(
      Object.keys(scripts),
    ),
  )
  .option('--one-of <number>', 'with --faults: at one of so many spots', countFromOne, 1)
  .addOption(
    new Option('--jobs <number>', 'how many threads play; a life plays the same in any')
      .argParser(countFromOne)
      .default(availableParallelism(), 'one for each core'),
  )
  .parse()
  .opts<Options>();
const startMs = performance.now();
await (options.faults ? playEachFault(options.faults) : playLives());

type Options = {
  seed?: number;
  lives: number;
  commands: number;
  short?: true;
  json?: true;
  faults?: keyof typeof scripts;
  oneOf: number;
  jobs: number;
};

async function playLives(): Promise<void> {
  const { seed: first = randomSeed(), lives, short } = options;
  const length = short ? '20 to 40' : String(options.commands);
  process.stderr.write(`${lives} lives of ${length} commands, seeds from ${first}\n`);
  const total = new Map<string, number>();
  let played = 0;
  const commands = short ? 'short' : options.commands;
  await playAll({ play: 'lives', first, lives, commands }, Math.min(options.jobs, lives), (told) => {
    if (told.what !== 'life') return;
    for (const [kind, count] of Object.entries(told.counts)) total.set(kind, (total.get(kind) ?? 0) + count);
    played++;
    if (process.stderr.isTTY) process.stderr.write(`\r${played} of ${lives}`);
  }).catch(failed);
  report(first, length, total);
}

async function playEachFault(script: keyof typeof scripts): Promise<void> {
  const { oneOf, jobs } = options;
  const shares = new Map<number, FaultsPlayed>();
  await playAll({ play: 'faults', script, oneOf }, jobs, (told, at) => {
    if (told.what !== 'faults') return;
    shares.set(at, told.progress);
    if (process.stderr.isTTY) process.stderr.write(`\r${textOf(sum(shares))}`);
  }).catch(failed);
  const all = sum(shares);
  const leftOut = all.pairs - all.played - all.same;
  process.stdout.write(`\nAll identities held. ${textOf(all)}, ${leftOut} left out, ${seconds().toFixed(1)} s.\n`);
}

function sum(shares: ReadonlyMap<number, FaultsPlayed>): FaultsPlayed {
  const of = [...shares.values()];
  return {
    pairs: of[0]?.pairs ?? 0,
    played: of.reduce((all, { played }) => all + played, 0),
    same: of.reduce((all, { same }) => all + same, 0),
  };
}

function textOf({ pairs, played, same }: FaultsPlayed): string {
  return `${pairs} pairs of a fault and a spot: ${played} played, ${same} the same`;
}

function failed(error: unknown): never {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof BrokenLife && error.seed !== undefined) {
    const again = options.short ? '--short' : `--commands ${options.commands}`;
    process.stderr.write(`play it again: npm run simulate -- --seed ${error.seed} --lives 1 ${again}\n`);
  }
  process.exit(1);
}

function seconds(): number {
  return (performance.now() - startMs) / 1000;
}

function report(first: number, length: string, total: ReadonlyMap<string, number>): void {
  const { lives } = options;
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  const changed = changes.reduce((sum, kind) => sum + (total.get(kind) ?? 0), 0);
  const counts = Object.fromEntries([...total].sort(([, one], [, other]) => other - one));
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ seed: first, lives, commands: length, changes: changed, seconds: seconds(), cpuSeconds, counts })}\n`,
    );
    return;
  }
  process.stdout.write(
    `\nAll identities held: ${changed} changes of state in ${lives} lives, ${seconds().toFixed(1)} s (${cpuSeconds.toFixed(1)} s of processors).\n`,
  );
  for (const [kind, count] of Object.entries(counts)) process.stdout.write(`${String(count).padStart(9)}  ${kind}\n`);
}
