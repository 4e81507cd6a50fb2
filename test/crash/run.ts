import { countFromOne, randomSeed, scriptCommand, wholeNumber } from '../../scripts/script-command.ts';
import { crashLoop } from './crash-loop.ts';
import { killFigures, linesTold } from './kills-told.ts';
import { faultsOfEnd, faultsOfLoss } from './loss-verdict.ts';
import { lossLoop } from './losses.ts';
import { told } from './losses-told.ts';
import { faultsOf } from './verdict.ts';

type Options = { kills: number; losses?: number; seed?: number; json?: true };

const options = scriptCommand(
  'crash',
  'The shipped program under load, killed again and again; then the books of clients, service, database and vault are compared.',
)
  .option('--kills <number>', 'how often', countFromOne, 50)
  .option('--losses <number>', 'instead, lose its database so often with a batch on its way', countFromOne)
  .option('--seed <number>', 'of the load and of the moments; by chance without it', wholeNumber)
  .option('--json', 'the figures as JSON')
  .parse()
  .opts<Options>();
const { kills, losses, seed = randomSeed() } = options;
process.exit((losses === undefined ? await playKills() : await playLosses(losses)) ? 0 : 1);

async function playLosses(count: number): Promise<boolean> {
  process.stderr.write(`${count} losses, seed ${seed}\n`);
  const report = await lossLoop({ losses: count, seed }, ({ way, flight }, index) =>
    process.stderr.write(`loss ${index + 1} of ${count}: ${way} left, a batch ${flight}\n`),
  );
  const faults = [...report.losses.flatMap(faultsOfLoss), ...faultsOfEnd(report.end)];
  const figures = told(report);
  if (options.json) process.stdout.write(`${JSON.stringify({ seed, losses: count, figures, faults })}\n`);
  else tell(`${figures}\n`, faults, `--losses ${count}`);
  return faults.length === 0;
}

function tell(figures: string, faults: string[], again: string): void {
  process.stdout.write(figures);
  for (const fault of faults) process.stdout.write(`FAULT: ${fault}\n`);
  process.stdout.write(
    faults.length === 0 ? 'The books agree.\n' : `play it again: npm run crash -- ${again} --seed ${seed}\n`,
  );
}

async function playKills(): Promise<boolean> {
  process.stderr.write(`${kills} kills, seed ${seed}\n`);
  const report = await crashLoop({ kills, seed }, (kill, served) => {
    const line = `kill ${kill} of ${kills}, ${served} calls served`;
    if (process.stderr.isTTY) process.stderr.write(`\r${line}`);
    else if (kill % 50 === 0) process.stderr.write(`${line}\n`);
  });
  const faults = faultsOf(report);
  const figures = killFigures(report);
  if (options.json) {
    const { lines, accounts, payees } = report;
    const told = { seed, ...figures, lines, accounts, payees, faults };
    process.stdout.write(
      `${JSON.stringify(told, (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n`,
    );
  } else {
    const sums = Object.entries(figures).map(([name, value]) => `${name.padEnd(16)} ${value}\n`);
    tell(`\n${sums.join('')}\n${linesTold(report)}`, faults, `--kills ${kills}`);
  }
  return faults.length === 0;
}
