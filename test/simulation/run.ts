import { parseArgs } from 'node:util';
import { simulateShort } from './short-life.ts';
import { changes, simulate } from './simulate.ts';

/**
 * `npm run simulate`: lives by chance, one seed after the other, until one of them breaks or so many are through. `--short`
 * plays many lives of some thirty commands, each with a fault or two.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    lives: { type: 'string', default: '100' },
    commands: { type: 'string', default: '1000' },
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const first = Number(values.seed);
const lives = Number(values.lives);
const commands = Number(values.commands);
if (![first, lives, commands].every((number) => Number.isSafeInteger(number) && number >= 0)) {
  process.stderr.write('--seed, --lives and --commands are whole numbers\n');
  process.exit(2);
}
const length = values.short ? '20 to 40' : String(commands);
process.stderr.write(`${lives} lives of ${length} commands, seeds from ${first}\n`);
const total = new Map<string, number>();
const startMs = performance.now();
for (let life = 0; life < lives; life++) {
  try {
    const { counts } = await (values.short ? simulateShort(first + life) : simulate(first + life, commands));
    for (const [kind, count] of Object.entries(counts)) total.set(kind, (total.get(kind) ?? 0) + count);
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    const again = values.short ? '--short' : `--commands ${commands}`;
    process.stderr.write(`play it again: npm run simulate -- --seed ${first + life} --lives 1 ${again}\n`);
    process.exit(1);
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${life + 1} of ${lives}`);
}
report();

function report(): void {
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  const changed = changes.reduce((sum, kind) => sum + (total.get(kind) ?? 0), 0);
  const counts = Object.fromEntries([...total].sort(([, one], [, other]) => other - one));
  if (values.json) {
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
