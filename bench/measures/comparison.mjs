// The comparison: every program takes its turn in every round, so that all of them meet the same weather.
import path from 'node:path';
import { freePort, untilListening } from '../harness/children.mjs';
import { countsOf, measureAtRate, measureFull, warmUp } from '../harness/measure.mjs';
import { versionOf } from '../harness/tools.mjs';
import { writeEs256Tokens } from '../targets/es256-tokens.mjs';
import { targets } from '../targets/targets.mjs';
import { issuer } from '../world/callora-rig.mjs';
import { openWorld } from '../world/world.mjs';

/** Starts what `names` says and measures it; resolves with the rounds of each, and the books of Callora. */
export async function compare(setting, names) {
  const { options, say, load, folder, upstream } = setting;
  const { loadCore, rounds, seconds, accounts, fresh } = options;
  const world = await openWorld({ accounts, core: loadCore, fresh, say });
  const { tokensFile: es256, es256PublicKey } = writeEs256Tokens({ folder, accounts: world.accounts, issuer });
  const tokens = { callora: path.join(world.folder, 'tokens.txt'), es256 };
  const at = { ...setting.at, folder, world, issuer, es256PublicKey };

  const started = [];
  for (const name of names) {
    say(`starting ${targets[name].name}`);
    started.push(await start({ name, at, tokens }));
  }
  const direct = {
    name: 'upstream',
    title: 'the upstream',
    port: upstream.port,
    tokensFile: tokens.callora,
    counted: [],
  };
  const warm = { seconds: 1.5, requestsMin: 2 * accounts };
  for (const target of [direct, ...started]) {
    say(`warming up ${target.title}`);
    target.counted.push(countsOf(await warmUp(load, target, warm)));
  }
  for (let round = 1; round <= rounds; round++) {
    for (const target of started) {
      const turn = await takeTurn({ load, target, direct, seconds });
      say(`round ${round} of ${rounds}  ${target.title.padEnd(20)} ${describe(turn)}`);
    }
  }
  for (const target of started) target.books = await target.close();
  return started.map(finished);
}

async function start({ name, at, tokens }) {
  const target = targets[name];
  const own = { name, title: target.name, version: versionOf(target), counted: [], rounds: [] };
  own.tokensFile = tokens[target.tokens ?? 'callora'];
  if (target.tokens === 'callora') {
    return { ...own, ...(await target.start(at)), tokensFile: own.tokensFile };
  }
  const port = await freePort();
  const program = target.start({ ...at, port });
  at.atEnd(program.stop);
  await untilListening(program, port);
  return { ...own, port, core: at.core, pid: program.pid, program, close: async () => void (await program.stop()) };
}

async function takeTurn({ load, target, direct, seconds }) {
  const full = await measureFull(load, target, { seconds });
  const rate = Math.max(100, Math.round(full.requestsPerSecond / 2));
  const half = await measureAtRate(load, target, direct, { rate, seconds });
  target.counted.push(full, half);
  target.rounds.push({ full, half });
  return { full, half };
}

function describe({ full, half }) {
  const micros = full.cpuMicros.toFixed(1).padStart(6);
  const rate = Math.round(full.requestsPerSecond).toString().padStart(6);
  return `${micros} µs CPU, ${rate}/s; at half of it p50 ${half.p50Ms.toFixed(2)} ms, p99 ${half.p99Ms.toFixed(2)} ms`;
}

function finished({ name, title, version, rounds, counted, books }) {
  const answered = counted.reduce((sum, { ok }) => sum + ok, 0);
  const failed = counted.reduce((sum, counts) => sum + counts.failed, 0);
  return { name, title, version, rounds, answered, failed, books };
}
