// Measures what selling a call costs over merely forwarding it: the same load against the same upstream, once through
// a bare undici proxy and once through the gateway with real tokens, ledger, journal (a charge row committed before
// every answer), metrics and access log. Rounds alternate, so that both meet the same weather.
//   node scripts/bench.mjs [--seconds 5] [--rounds 3] [--connections 32] [--bytes 256] [--json]
import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runLoad } from './bench/load.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    bytes: { type: 'string', default: '256' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const connections = Number(values.connections);
const bytes = Number(values.bytes);

const upstream = await startChild('upstream', [String(bytes)]);
const bare = await startChild('bare-proxy', [String(upstream.port)]);
const gateway = await startChild('gateway', [String(upstream.port)]);
const targets = [
  { name: 'bare undici', child: bare, path: '/item/7', token: undefined, results: [] },
  { name: 'gateway', child: gateway, path: '/bench/item/7', token: gateway.token, results: [] },
];

try {
  for (const target of targets) await measure(target, 2);
  for (let round = 0; round < rounds; round++) {
    for (const target of targets) target.results.push(await measure(target, seconds));
  }
  const books = await ask(gateway, 'books');
  report(targets.map(summary), books);
} finally {
  for (const child of [gateway, bare, upstream]) child.process.kill();
}

async function measure({ child, path, token }, forSeconds) {
  const before = await ask(child, 'usage');
  const load = await runLoad({ port: child.port, path, token, connections, seconds: forSeconds });
  const after = await ask(child, 'usage');
  return { ...load, cpuMicros: after.cpuMicros - before.cpuMicros, rssBytes: after.rssBytes };
}

function summary({ name, results }) {
  const calls = sum(results, (result) => result.calls);
  const latencies = Float64Array.from(results.flatMap((result) => result.latenciesMs)).sort();
  const at = (share) => Number((latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(3));
  return {
    name,
    requestsPerSecond: Math.round(calls / sum(results, (result) => result.seconds)),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    cpuMicrosPerCall: Number((sum(results, (result) => result.cpuMicros) / calls).toFixed(1)),
    calls,
    failed: sum(results, (result) => result.failed),
    rssMiB: Math.round((results.at(-1)?.rssBytes ?? 0) / 2 ** 20),
  };
}

function report([bareResult, gatewayResult], books) {
  const ratio = Number((gatewayResult.requestsPerSecond / bareResult.requestsPerSecond).toFixed(3));
  const measured = {
    what: `GET of ${bytes} bytes over ${connections} keep-alive connections, ${rounds} alternating rounds of ${seconds} s each`,
    gateway:
      'cached Ed25519 token, hold, journal at level process (commit before the answer), finish row, metrics, access log to a file',
    machine: `${cpus().length} cores, Node ${process.version}; load generator, proxy and upstream are one process each`,
    bare: bareResult,
    gatewayResult,
    requestsRatio: ratio,
    cpuRatio: Number((gatewayResult.cpuMicrosPerCall / bareResult.cpuMicrosPerCall).toFixed(3)),
    books,
  };
  if (values.json) {
    console.log(JSON.stringify(measured, null, 2));
    return;
  }
  console.log(`${measured.what}\n${measured.gateway}\n${measured.machine}\n`);
  const line = (cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(12) : cell.padStart(12))).join('');
  console.log(line(['', 'requests/s', 'p50 ms', 'p99 ms', 'CPU us/call', 'failed', 'RSS MiB']));
  for (const result of [bareResult, gatewayResult]) {
    const { name, requestsPerSecond, p50Ms, p99Ms, cpuMicrosPerCall, failed, rssMiB } = result;
    console.log(line([name, ...[requestsPerSecond, p50Ms, p99Ms, cpuMicrosPerCall, failed, rssMiB].map(String)]));
  }
  console.log(`\ngateway / bare: ${ratio} of the requests, ${measured.cpuRatio} of the CPU per call`);
  console.log(`books: ${books.charges} charge rows for ${books.served} calls answered, ${books.finishes} finish rows`);
}

function sum(list, value) {
  return list.reduce((total, item) => total + value(item), 0);
}

async function startChild(name, args) {
  const child = fork(new URL(`./bench/${name}.mjs`, import.meta.url), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const started = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code} before it listened`)));
  });
  return { process: child, ...started };
}

function ask(child, question) {
  return new Promise((resolve) => {
    child.process.once('message', resolve);
    child.process.send(question);
  });
}
