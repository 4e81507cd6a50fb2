import { Option } from 'commander';
import { countFromOne, randomSeed, scriptCommand, wholeNumber } from '../../scripts/script-command.ts';
import { classicScript, lifeScript, lossScript } from './script.ts';
import { simulateShort } from './short-life.ts';
import { changes, simulate } from './simulate.ts';
import { type FaultsPlayed, playFaults } from './single-faults.ts';

const scripts = { life: lifeScript, classic: classicScript, loss: lossScript };

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
  .parse()
  .opts<Options>();
if (options.faults) {
  await playEachFault(options.faults);
  process.exit();
}
const { seed: first = randomSeed(), lives, commands } = options;
const length = options.short ? '20 to 40' : String(commands);
process.stderr.write(`${lives} lives of ${length} commands, seeds from ${first}\n`);
const total = new Map<string, number>();
const startMs = performance.now();
for (let life = 0; life < lives; life++) {
  try {
    const { counts } = await (options.short ? simulateShort(first + life) : simulate(first + life, commands));
    for (const [kind, count] of Object.entries(counts)) total.set(kind, (total.get(kind) ?? 0) + count);
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    const again = options.short ? '--short' : `--commands ${commands}`;
    process.stderr.write(`play it again: npm run simulate -- --seed ${first + life} --lives 1 ${again}\n`);
    process.exit(1);
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${life + 1} of ${lives}`);
}
report();

type Options = {
  seed?: number;
  lives: number;
  commands: number;
  short?: true;
  json?: true;
  faults?: keyof typeof scripts;
  oneOf: number;
};

async function playEachFault(name: keyof typeof scripts): Promise<void> {
  const told = ({ pairs, played, same }: FaultsPlayed) =>
    `${pairs} pairs of a fault and a spot: ${played} played, ${same} the same`;
  const startMs = performance.now();
  const all = await playFaults(scripts[name], options.oneOf, (progress) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${told(progress)}`);
  });
  const seconds = (performance.now() - startMs) / 1000;
  process.stdout.write(
    `\nAll identities held. ${told(all)}, ${all.pairs - all.played - all.same} left out, ${seconds.toFixed(1)} s.\n`,
  );
}

function report(): void {
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  const changed = changes.reduce((sum, kind) => sum + (total.get(kind) ?? 0), 0);
  const counts = Object.fromEntries([...total].sort(([, one], [, other]) => other - one));
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ seed: first, lives, commands: length, changes: changed, seconds, cpuSeconds, counts })}\n`,
    );
    return;
  }
  process.stdout.write(
    `\nAll identities held: ${changed} changes of state in ${lives} lives, ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of a processor).\n`,
  );
  for (const [kind, count] of Object.entries(counts)) process.stdout.write(`${String(count).padStart(9)}  ${kind}\n`);
}
