// What a token costs that was never seen before, and what a flood of bad ones does to those who pay.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startLoad } from '../harness/load.mjs';
import { countsOf, measureFull, warmUp } from '../harness/measure.mjs';
import { spread } from '../harness/statistics.mjs';
import { startCallora } from '../targets/callora.mjs';
import { issueTokens } from '../world/tokens.mjs';
import { openWorld } from '../world/world.mjs';

/** The flood comes from another address, on connections of its own. */
const floodFrom = '127.0.0.2';
const floodConnections = 64;

/** Share of full speed at which paying calls come: there is room for the flood. */
const paidShare = 0.25;

export async function measureTokens(setting) {
  const { options, say, load, folder, at } = setting;
  const { accounts, loadCore, fresh } = options;
  const world = await openWorld({ accounts, core: loadCore, fresh, say });
  const rig = await startCallora({ ...at, folder: path.join(folder, 'callora-tokens'), world });
  const target = { name: 'callora', ...rig };
  const counted = [countsOf(await warmUp(load, target, { seconds: 1.5, requestsMin: 2 * accounts }))];
  const newTokens = await measureNewTokens({ setting, world, target, counted });
  const floods = await measureFloods({ setting, target, counted });
  const books = await rig.close();
  const answered = counted.reduce((sum, { ok }) => sum + ok, 0);
  const measured = counted.filter(({ foreignShare }) => foreignShare !== undefined);
  return { newTokens, floods, books, answered, measured };
}

/** Every token of a fresh set once, then the same set once more: the difference is the first sight of it. */
async function measureNewTokens({ setting, world, target, counted }) {
  const { options, say, load, folder } = setting;
  const rounds = [];
  for (let round = 1; round <= Math.min(3, options.rounds); round++) {
    const tokensFile = path.join(folder, `fresh-${round}.txt`);
    writeFileSync(tokensFile, await issueTokens({ gateway: target, folder: world.folder, accounts: world.accounts }));
    const own = { ...target, name: `fresh ${round}`, tokensFile };
    const first = await measureFull(load, own, { requests: world.accounts.length });
    const second = await measureFull(load, own, { requests: world.accounts.length });
    counted.push(first, second);
    rounds.push({ first: first.cpuMicros, known: second.cpuMicros, more: first.cpuMicros - second.cpuMicros });
    say(
      `tokens never seen: ${first.cpuMicros.toFixed(0)} µs CPU a call, ${second.cpuMicros.toFixed(0)} µs when seen again`,
    );
  }
  const of = (read) => spread(rounds.map(read));
  return { first: of((r) => r.first), known: of((r) => r.known), more: of((r) => r.more) };
}

async function measureFloods({ setting, target, counted }) {
  const { options, say, load, folder, at, atEnd } = setting;
  const flood = await startLoad(at.loadCore);
  atEnd(flood.stop);
  const full = await measureFull(load, target, { seconds: options.seconds });
  counted.push(full);
  const rate = Math.round(full.requestsPerSecond * paidShare);
  const paid = { kind: 'open', rate, seconds: options.seconds };
  const kinds = badTokens({ tokensFile: target.tokensFile, folder });
  const rounds = [];
  for (let round = 1; round <= options.rounds; round++) {
    const turn = { alone: await load.run(target, paid) };
    for (const { name, tokensFile } of kinds) {
      // It begins before the paying load and ends after it.
      const bad = { port: target.port, name, tokensFile };
      const job = { kind: 'open', rate: options.flood, seconds: options.seconds + 0.5 };
      const flooding = flood.run(bad, { ...job, connections: floodConnections, from: floodFrom });
      await new Promise((resolve) => setTimeout(resolve, 250));
      turn[name] = await load.run(target, paid);
      turn[name].flood = await flooding;
    }
    rounds.push(turn);
    counted.push(...Object.values(turn).map(countsOf));
    const p99 = (name) => `${turn[name].p99Ms.toFixed(2)} ms`;
    say(`paid p99 alone ${p99('alone')}${kinds.map(({ name }) => `, with ${name} ${p99(name)}`).join('')}`);
  }
  await flood.stop();
  const summary = (name) => ({
    name,
    p50Ms: spread(rounds.map((turn) => turn[name].p50Ms)),
    p99Ms: spread(rounds.map((turn) => turn[name].p99Ms)),
    p99Ratio: spread(rounds.map((turn) => turn[name].p99Ms / turn.alone.p99Ms)),
    paidPerSecond: rate,
    badPerSecond: spread(rounds.map((turn) => (turn[name].flood ? floodRate(turn[name].flood) : 0))),
  });
  return ['alone', ...kinds.map(({ name }) => name)].map(summary);
}

function floodRate({ statuses, seconds }) {
  return Object.values(statuses).reduce((sum, count) => sum + count, 0) / seconds;
}

/** Text that is no token, and our own tokens with another signature: only that costs a check of it. */
function badTokens({ tokensFile, folder }) {
  const tokens = readFileSync(tokensFile, 'latin1').trim().split('\n');
  const kinds = {
    'malformed tokens': tokens.map((_, at) => `not-a-token-${at}`),
    'forged signatures': tokens.map((token, at) => {
      const signature = tokens[(at + 1) % tokens.length].slice(token.lastIndexOf('.') + 1);
      return `${token.slice(0, token.lastIndexOf('.'))}.${signature}`;
    }),
  };
  return Object.entries(kinds).map(([name, list]) => {
    const file = path.join(folder, `${name.replace(' ', '-')}.txt`);
    writeFileSync(file, `${list.join('\n')}\n`);
    return { name, tokensFile: file };
  });
}
