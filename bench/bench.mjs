// Callora's full paid path beside other proxies, on one core each, as ratios of one run. How to run and read it: README.md
import { cpus } from 'node:os';
import { endWithBench } from './harness/children.mjs';
import { openSetting } from './harness/setting.mjs';
import { available, installPackages, requireLinux } from './harness/tools.mjs';
import { compare } from './measures/comparison.mjs';
import { measureSizes } from './measures/sizes.mjs';
import { measureTokens } from './measures/tokens.mjs';
import { readOptions } from './options.mjs';
import { reportComparison } from './report/comparison.mjs';
import { writeResults } from './report/files.mjs';
import { reportSizes } from './report/sizes.mjs';
import { plainTable } from './report/table.mjs';
import { reportTokens } from './report/tokens.mjs';
import { targets } from './targets/targets.mjs';

// nginx and haproxy are where the PATH of an ordinary user does not lead.
process.env.PATH += ':/usr/sbin:/usr/local/sbin';

const startMs = performance.now();
const ends = [];
const atEnd = (end) => void ends.push(end);
const cleanUp = async () => {
  for (let end = ends.pop(); end; end = ends.pop()) await end();
};

const options = readOptions(process.argv.slice(2), Object.keys(targets));
requireLinux();
const signals = endWithBench(cleanUp);

function say(text) {
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  console.error(`${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}  ${text}`);
}

/** Each measures, and makes of it what is printed and kept. */
const measures = {
  async comparison(setting) {
    if (!installPackages(say)) throw new Error('npm ci in bench/ failed: see the lines above');
    const names = available(options.names, targets, { install: options.install, say });
    return reportComparison(await compare(setting, names));
  },
  tokens: async (setting) => reportTokens(await measureTokens(setting)),
  sizes: async (setting) => reportSizes(await measureSizes(setting)),
};

try {
  for (const what of options.what) {
    // nginx is what all others stand in front of, so it comes first.
    if (what === options.what[0] && options.install) available(['nginx'], targets, { install: true, say });
    const setting = await openSetting({ options, say, atEnd });
    const report = await measures[what](setting);
    await cleanUp();
    const context = contextOf(setting);
    if (options.json) console.log(JSON.stringify({ ...context, ...report.data }, null, 2));
    else
      console.log(
        `\n${context.machine}\n${context.load}\n\n${[...report.tables.map(plainTable), ...report.notes].join('\n\n')}\n`,
      );
    for (const file of writeResults({ name: what, prefix: options.out, context, report })) say(`wrote ${file}`);
  }
} catch (error) {
  // After a signal, whatever was being measured fails, and the bench is ending already.
  if (signals.ending()) await new Promise(() => undefined);
  console.error(error);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
process.exit();

function contextOf({ upstream }) {
  const [cpu] = cpus();
  return {
    at: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores, ${cpu.model.trim()}, Node ${process.version}`,
    load:
      `${options.connections} connections, answers of 256 bytes from ${upstream.kind}; one core for each program, another for ` +
      `load and upstream; ${options.rounds} rounds of ${options.seconds} s; medians (least–most)`,
  };
}
