// Callora's full paid path beside other proxies, on one core each, as ratios of one run. How to run and read it: README.md
import { cpus } from 'node:os';
import { endWithBench } from './harness/children.mjs';
import { compare } from './harness/compare.mjs';
import { available, installPackages, requireLinux } from './harness/tools.mjs';
import { readOptions } from './options.mjs';
import { writeResults } from './report/files.mjs';
import { judge, summarize } from './report/summary.mjs';
import { comparisonRows, goalRows, plainTable } from './report/table.mjs';
import { targets } from './targets/targets.mjs';

const startMs = performance.now();
const ends = [];
const cleanUp = async () => {
  for (const end of ends.reverse()) await end();
};
endWithBench(cleanUp);
requireLinux();

const options = readOptions(process.argv.slice(2), Object.keys(targets));

function say(text) {
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  console.error(`${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}  ${text}`);
}

const machine = {
  cores: cpus().length,
  model: cpus()[0].model.trim(),
  node: process.version,
  load: `${options.connections} connections, answers of 256 bytes`,
};

try {
  if (!installPackages(say)) throw new Error('npm ci in bench/ failed: see the lines above');
  const names = available(options.names, targets, { install: options.install, say });
  const measured = await compare({ names, options, say, atEnd: (end) => ends.push(end) });
  const summaries = summarize(measured.targets, 'bare');
  const goals = judge(measured.targets, summaries);
  const results = {
    at: new Date().toISOString().slice(0, 10),
    machine,
    upstream: measured.upstream,
    rounds: options.rounds,
    seconds: options.seconds,
    summaries,
    goals,
    raw: measured.targets.map(({ name, rounds }) => ({ name, rounds })),
  };
  if (options.json) console.log(JSON.stringify(results, null, 2));
  else print(results);
  for (const file of writeResults(results, options.out)) say(`wrote ${file}`);
} finally {
  await cleanUp();
}
process.exit();

function print({ summaries, goals }) {
  console.log(`\n${machine.cores} cores, ${machine.model}, Node ${machine.node}; ${machine.load}`);
  console.log(`\n${plainTable(comparisonRows(summaries, 'bare'))}`);
  if (goals.length > 0) console.log(`\n${plainTable(goalRows(goals))}`);
  for (const { title, failed, answered } of summaries) {
    if (failed > 0) console.log(`\n${title}: ${failed} requests failed, ${answered} were answered`);
  }
}
