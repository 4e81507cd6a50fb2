// The comparison: every program takes its turn in every round, so that all of them meet the same weather.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeEs256Tokens } from '../targets/es256-tokens.mjs';
import { targets } from '../targets/targets.mjs';
import { issuer } from '../world/callora-rig.mjs';
import { openWorld } from '../world/world.mjs';
import { freePort, untilListening } from './children.mjs';
import { startLoad } from './load.mjs';
import { countsOf, measureAtRate, measureFull, warmUp } from './measure.mjs';
import { versionOf } from './tools.mjs';
import { startUpstream } from './upstream.mjs';

const paths = ['/item/7'];

/** Starts what `names` says and measures it; resolves with the rounds of each, and the books of Callora. */
export async function compare({ names, options, say, atEnd }) {
  const { proxyCore, loadCore, rounds, seconds } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'callora-bench-run-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const world = await openWorld({ accounts: options.accounts, core: loadCore, fresh: options.fresh, say });
  const upstream = await startUpstream({ core: loadCore, folder });
  const tokens = { callora: path.join(world.folder, 'tokens.txt') };
  const { tokensFile: es256, es256PublicKey } = writeEs256Tokens({ folder, accounts: world.accounts, issuer });
  tokens.es256 = es256;
  const at = { core: proxyCore, loadCore, folder, upstreamPort: upstream.port, world, issuer, es256PublicKey };

  const started = [];
  for (const name of names) {
    say(`starting ${targets[name].name}`);
    started.push(await start({ name, target: targets[name], at, tokens, atEnd }));
  }
  const direct = {
    name: 'upstream',
    title: 'the upstream',
    port: upstream.port,
    tokensFile: tokens.callora,
    paths,
    counted: [],
  };
  const load = await startLoad(loadCore);

  const warm = { seconds: 1.5, requestsMin: 2 * options.accounts };
  for (const target of [direct, ...started]) {
    say(`warming up ${target.title}`);
    const counts = countsOf(await warmUp(load, target, warm));
    target.counted.push(counts);
  }
  for (let round = 0; round < rounds; round++) {
    for (const target of started) {
      const full = await measureFull(load, target, seconds);
      const rate = Math.max(100, Math.round(full.requestsPerSecond / 2));
      const half = await measureAtRate(load, target, direct, { rate, seconds });
      target.counted.push(full, half);
      target.rounds.push({ full, half });
      say(
        `round ${round + 1} of ${rounds}  ${target.title.padEnd(20)} ${full.cpuMicros.toFixed(1).padStart(6)} µs CPU, ` +
          `${Math.round(full.requestsPerSecond).toString().padStart(6)}/s; at half of it p50 ${half.p50Ms.toFixed(2)} ms, ` +
          `p99 ${half.p99Ms.toFixed(2)} ms`,
      );
    }
  }
  await load.stop();
  for (const target of started) target.books = await target.close?.();
  return { upstream: upstream.kind, targets: started.map(finished) };
}

async function start({ name, target, at, tokens, atEnd }) {
  const version = versionOf(target);
  const own = { name, title: target.name, version, paths, counted: [], rounds: [] };
  own.tokensFile = tokens[target.tokens ?? 'callora'];
  if (target.tokens === 'callora') {
    const rig = await target.start(at);
    return { ...own, port: rig.port, pid: rig.pid, close: rig.close };
  }
  const port = await freePort();
  const program = target.start({ ...at, port });
  await untilListening(program, port);
  atEnd(() => program.stop());
  return { ...own, port, pid: program.pid, close: async () => void (await program.stop()) };
}

function finished({ name, title, version, rounds, counted, books }) {
  const answered = counted.reduce((sum, { ok }) => sum + ok, 0);
  const failed = counted.reduce((sum, counts) => sum + counts.failed, 0);
  return { name, title, version, rounds, answered, failed, books };
}
