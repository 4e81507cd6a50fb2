import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { countFromOne, scriptCommand, wholeNumber } from '../../scripts/script-command.ts';
import { endWithBench } from '../harness/children.mjs';
import { requireLinux } from '../harness/tools.mjs';
import { compareBooks } from './books.mjs';
import { judgeGrowth, watchProcess } from './growth.mjs';
import { random } from './random.mjs';
import { startSoakGateway } from './stage.mjs';
import { runTraffic } from './traffic.mjs';
import { startFaultyUpstream } from './upstream.mjs';

const options = scriptCommand(
  'soak',
  'Mixed traffic against the program on a devnet: nothing may grow, and the books must be what clients and upstream have counted.',
)
  .option('--minutes <number>', 'how long', countFromOne, 10)
  .option('--seconds <number>', 'how long, instead', countFromOne)
  .option('--seed <number>', 'of the traffic', wholeNumber, 1)
  .option('--json', 'the results as JSON')
  .option('--out <file>', 'writes them to a file')
  .parse()
  .opts();
const seconds = options.seconds ?? options.minutes * 60;

requireLinux();
const startMs = performance.now();
const say = (text) => console.error(`${((performance.now() - startMs) / 1000).toFixed(0).padStart(5)} s  ${text}`);
const folder = mkdtempSync(path.join(tmpdir(), 'callora-soak-'));
const ends = [() => rmSync(folder, { recursive: true, force: true })];
const cleanUp = async () => {
  for (const end of ends.splice(0).reverse()) await end();
};
endWithBench(cleanUp);

let result;
try {
  const upstream = await startFaultyUpstream(random(options.seed));
  ends.push(upstream.close);
  const stage = await startSoakGateway({ folder, upstreamPort: upstream.port, say });
  ends.push(stage.stop);
  const watch = watchProcess(stage, say);
  const counted = await runTraffic({ stage, seconds, seed: options.seed, say, status: watch.status });
  await stage.untilIdle();
  const samples = await watch.stop();
  const growth = judgeGrowth(samples);
  const books = await compareBooks({ stage, counted, upstream: upstream.counted(), say });
  result = {
    at: new Date().toISOString().slice(0, 10),
    machine: { cores: cpus().length, model: cpus()[0].model.trim(), node: process.version },
    seconds,
    ok: growth.faults.length + books.faults.length + counted.faults.length === 0,
    faults: [...growth.faults, ...books.faults, ...counted.faults],
    traffic: counted.totals,
    growth: growth.figures,
    books: books.figures,
    samples: { ...samples, list: thinned(samples.list) },
  };
} finally {
  await cleanUp();
}

/** Some sixty of them show a course as well. */
function thinned(list) {
  const step = Math.ceil(list.length / 60);
  return list.filter((_, at) => at % step === 0);
}

const text = JSON.stringify(result, null, 2);
if (options.out !== undefined) writeFileSync(options.out, `${text}\n`);
if (options.json) console.log(text);
for (const [name, count] of Object.entries(result.traffic)) say(`${name}: ${count}`);
for (const [name, figure] of Object.entries({ ...result.growth, ...result.books })) say(`${name}: ${figure}`);
for (const fault of result.faults) say(`FAULT: ${fault}`);
say(result.ok ? 'nothing grew, and the books are right' : 'failed');
process.exit(result.ok ? 0 : 1);
