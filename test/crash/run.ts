import { randomSeed, scriptCommand, wholeNumber } from '../../scripts/script-command.ts';
import { crashLoop } from './crash-loop.ts';
import { faultsOf } from './verdict.ts';

const options = scriptCommand(
  'crash',
  'The shipped program under load, killed again and again; then the books of clients, service, database and vault are compared.',
)
  .option('--kills <number>', 'how often', wholeNumber, 50)
  .option('--seed <number>', 'of the load and of the moments; by chance without it', wholeNumber)
  .option('--json', 'the figures as JSON')
  .parse()
  .opts<{ kills: number; seed?: number; json?: true }>();
const { kills, seed = randomSeed() } = options;
process.stderr.write(`${kills} kills, seed ${seed}\n`);
const report = await crashLoop({ kills, seed }, (kill, book) => {
  const line = `kill ${kill} of ${kills}, ${book.served.size} calls served`;
  if (process.stderr.isTTY) process.stderr.write(`\r${line}`);
  else if (kill % 50 === 0) process.stderr.write(`${line}\n`);
});
const faults = faultsOf(report);
const { readyMs, ...rest } = report;
const figures = {
  ...rest,
  readyMedianMs: Math.round(readyMs.toSorted((one, other) => one - other)[Math.floor(readyMs.length / 2)] ?? 0),
  readyMaxMs: Math.round(Math.max(...readyMs)),
};
const text = (value: unknown) => (Array.isArray(value) ? String(value.length) : String(value));
if (options.json) {
  process.stdout.write(
    `${JSON.stringify({ ...figures, faults }, (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n`,
  );
} else {
  process.stdout.write('\n');
  for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(16)} ${text(value)}\n`);
  for (const fault of faults) process.stdout.write(`FAULT: ${fault}\n`);
  process.stdout.write(
    faults.length === 0 ? 'The books agree.\n' : `play it again: npm run crash -- --kills ${kills} --seed ${seed}\n`,
  );
}
process.exit(faults.length === 0 ? 0 : 1);
