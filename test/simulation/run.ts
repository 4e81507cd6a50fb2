import { parseArgs } from 'node:util';
import { changes, simulate } from './simulate.ts';

/** `npm run simulate`: lives by chance, one seed after the other, until one of them breaks or so many are through. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    lives: { type: 'string', default: '100' },
    commands: { type: 'string', default: '1000' },
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
process.stderr.write(`${lives} lives of ${commands} commands, seeds from ${first}\n`);
const total = new Map<string, number>();
const startMs = performance.now();
for (let life = 0; life < lives; life++) {
  try {
    const { counts } = await simulate(first + life, commands);
    for (const [kind, count] of Object.entries(counts)) total.set(kind, (total.get(kind) ?? 0) + count);
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.stderr.write(
      `play it again: npm run simulate -- --seed ${first + life} --lives 1 --commands ${commands}\n`,
    );
    process.exit(1);
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${life + 1} of ${lives}`);
}
report();

function report(): void {
  const seconds = (performance.now() - startMs) / 1000;
  const changed = changes.reduce((sum, kind) => sum + (total.get(kind) ?? 0), 0);
  const counts = Object.fromEntries([...total].sort(([, one], [, other]) => other - one));
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ seed: first, lives, commands, changes: changed, seconds, counts })}\n`);
    return;
  }
  process.stdout.write(
    `\nAll identities held: ${changed} changes of state in ${lives} lives, ${seconds.toFixed(1)} s.\n`,
  );
  for (const [kind, count] of Object.entries(counts)) process.stdout.write(`${String(count).padStart(9)}  ${kind}\n`);
}
