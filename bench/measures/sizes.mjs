// Whether a call costs more as the gateway grows: routes, accounts, past usage. And what an account takes of memory.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { countsOf, measureFull, warmUp } from '../harness/measure.mjs';
import { spread } from '../harness/statistics.mjs';
import { startCallora } from '../targets/callora.mjs';
import { routePaths } from '../world/callora-rig.mjs';
import { addAccounts, addUsage, depthOfCharges } from '../world/growth.mjs';
import { openWorld } from '../world/world.mjs';

const few = 10;

export async function measureSizes(setting) {
  const { options, say, load } = setting;
  const rigs = [];
  for (const plan of plansOf(options)) {
    say(`starting ${plan.title}`);
    rigs.push(await startRig(setting, plan));
  }
  for (const rig of rigs) {
    say(`warming up ${rig.title}`);
    rig.counted.push(countsOf(await warmUp(load, rig, { seconds: 4, requestsMin: 40_000 })));
  }
  for (let round = 1; round <= options.rounds; round++) {
    for (const rig of rigs) {
      const full = await measureFull(load, rig, { seconds: options.seconds });
      rig.rounds.push(full);
      rig.counted.push(full);
      say(
        `round ${round} of ${options.rounds}  ${rig.title.padEnd(34)} ${full.cpuMicros.toFixed(1).padStart(6)} µs CPU`,
      );
    }
  }
  for (const rig of rigs) rig.books = await rig.close();
  return { rows: rigs.map((rig) => summary(rig, rigs[0])), bytesPerAccount: accountBytes(options) };
}

/** The first is what the others are compared with. */
function plansOf({ sizes: { routes, accounts, usage }, accounts: inRotation }) {
  const many = (count) => count.toLocaleString('en');
  return [
    { name: 'small', title: `${few} routes, ${few} accounts, no past`, world: few },
    { name: 'routes', title: `${many(routes)} routes`, world: few, routes },
    { name: 'callers', title: `${many(inRotation)} accounts`, world: inRotation },
    { name: 'accounts', title: `${many(accounts)} accounts`, world: inRotation, accounts },
    { name: 'usage', title: `${many(usage)} past calls`, world: few, usage },
  ];
}

async function startRig(setting, { name, title, world: size, routes = few, accounts, usage }) {
  const { options, say, folder, at } = setting;
  const world = await openWorld({ accounts: size, core: at.loadCore, fresh: options.fresh, say });
  const pathsFile = path.join(folder, `${name}.paths`);
  writeFileSync(
    pathsFile,
    `${routePaths(routes)
      .map((route) => `${route}/7`)
      .join('\n')}\n`,
  );
  let depth;
  const prepare = (own) => {
    if (accounts !== undefined) addAccounts(own, accounts);
    if (usage !== undefined) addUsage(own, usage);
    depth = depthOfCharges(own);
  };
  const rig = await startCallora({ ...at, folder: path.join(folder, `callora-${name}`), world, prepare, routes });
  return { ...rig, name, title, pathsFile, depth, counted: [], rounds: [] };
}

function summary({ name, title, rounds, counted, books, depth }, base) {
  return {
    name,
    title,
    cpuMicros: spread(rounds.map(({ cpuMicros }) => cpuMicros)),
    ratio: spread(rounds.map(({ cpuMicros }, at) => cpuMicros / base.rounds[at].cpuMicros)),
    rounds,
    rssMiB: rounds.at(-1).rssBytes / 2 ** 20,
    /** Levels of the tree that charges are written to. */
    depth,
    answered: counted.reduce((sum, { ok }) => sum + ok, 0),
    failed: counted.reduce((sum, { failed }) => sum + failed, 0),
    books,
  };
}

function accountBytes({ sizes: { accounts } }) {
  const file = path.join(import.meta.dirname, '..', 'parts', 'account-memory.mjs');
  const { stdout } = spawnSync(process.execPath, ['--expose-gc', file, String(accounts)], { encoding: 'utf8' });
  return Number(stdout);
}
