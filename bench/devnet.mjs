import { cpus, loadavg } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { scriptCommand, wholeNumber } from '../scripts/script-command.ts';
import { measureEach, measureRates } from './devnet/ledger.mjs';
import { measureLongLife } from './devnet/long-life.mjs';
import { openNetwork, people } from './devnet/network.mjs';
import { measureStart } from './devnet/start.mjs';
import { writeResults } from './report/files.mjs';
import { plainTable, withSpread } from './report/table.mjs';

const { transactions, ...options } = scriptCommand(
  'bench:devnet',
  'What the devnet costs: start, memory, simulations, transactions, ledgers, and all of it again after many transactions.',
)
  .option('--transactions <number>', 'how many, 1000 at least', enough, 100_000)
  .option('--json', 'the results as JSON')
  .option('--out', 'writes them to bench/results')
  .parse()
  .opts();

function enough(text) {
  const number = wholeNumber(text);
  if (number < 1_000) throw new InvalidArgumentError('It is 1000 or more.');
  return number;
}

const EACH = 300;
const START_ROUNDS = 5;
const startMs = performance.now();
const say = (text) => console.error(`${((performance.now() - startMs) / 1_000).toFixed(0).padStart(4)} s  ${text}`);

say('starting');
const start = await measureStart(START_ROUNDS);
say('rates');
const network = openNetwork();
const who = people(network);
measureEach(network, who, EACH);
const rates = measureRates(network, who, { transactions: 3_000, perLedger: 100, ledgers: 5_000 });
const each = (one, people) => measureEach(one, people, EACH);
const long = measureLongLife(transactions, each, say);

const us = (list) => withSpread(list, 0);
const many = transactions.toLocaleString('en');
const report = {
  title: 'The devnet',
  about:
    'Start and its memory are those of `callora devnet` from source as a process of its own, until its RPC answers and five accounts have ' +
    'coins. All else is measured inside one process, without HTTP and without what a client does to build and sign: the ' +
    'ledger, signature checks and the real contract host. A contract call is a transfer by the native coin’s contract. Spreads ' +
    `leave out a tenth of ${EACH}.`,
  tables: [
    [
      ['', 'median (least–most)'],
      ['start, ms', withSpread(start.startMs, 0)],
      ['CPU time of the start, ms', withSpread(start.startCpuMs, 0)],
      ['resident memory then, MB', withSpread(start.startMb, 0)],
      ['payments per second, 100 in a ledger', rates.paymentsPerS.toFixed(0)],
      ['payments per second, a ledger for each', rates.paymentsAlonePerS.toFixed(0)],
      ['empty ledgers per second', rates.emptyLedgersPerS.toFixed(0)],
    ],
    [
      ['µs', 'new network', `after ${many} transactions`],
      ['simulate a contract call', us(long.before.simulateUs), us(long.after.simulateUs)],
      ['send one, and close its ledger', us(long.before.invokeUs), us(long.after.invokeUs)],
      ['send a payment, and close its ledger', us(long.before.payUs), us(long.after.payUs)],
    ],
    [
      [`${many} transactions, a tenth of them contract calls`, ''],
      ['memory for each, bytes', long.bytesEach.toFixed(0)],
      ['per second, 100 in a ledger, with a state file', (transactions / long.filledS).toFixed(0)],
      ['state file, MB', long.fileMb.toFixed(0)],
      ['start from that file, s', long.loadS.toFixed(1)],
    ],
  ],
  notes: [],
  data: { start, rates, long },
};
const [cpu] = cpus();
const context = {
  at: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} cores, ${cpu.model.trim()}, Node ${process.version}`,
  load: `${loadavg()[0].toFixed(1)} processes running meanwhile`,
};
if (options.json) console.log(JSON.stringify({ ...context, ...report.data }, null, 2));
else console.log(`\n${context.machine}\n\n${report.tables.map(plainTable).join('\n\n')}\n`);
for (const file of writeResults({ name: 'devnet', prefix: options.out ? '' : undefined, context, report })) {
  say(`wrote ${file}`);
}
