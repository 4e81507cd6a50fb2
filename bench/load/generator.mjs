// The load, in a process of its own. Its parent sends one job at a time and gets one result for each.
//   { kind: 'closed', … }  every connection sends its next request as soon as it has the answer to the last one
//   { kind: 'open', … }    requests are due at a constant rate, whatever the answers do; each latency counts from the
//                          moment a request was due, so that a stalled server is not spared the requests it delayed
//   from: '127.0.0.2'      the address that the connections come from
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { openConnection } from './connection.mjs';
import { createHistogram } from './histogram.mjs';

const ticker = createTicker();

process.on('message', async (job) => {
  const before = process.cpuUsage();
  const result = await run(job);
  const { user, system } = process.cpuUsage(before);
  process.send({ ...result, cpuMicros: user + system });
});
process.on('disconnect', () => process.exit(0));
process.send('ready');

function run(job) {
  return new Promise((resolve) => {
    const requests = requestsOf(job);
    const histogram = createHistogram();
    const statuses = {};
    const started = new Map();
    const idle = [];
    const connections = [];
    let next = job.first ?? 0;
    let sent = 0;
    let lost = 0;
    let startMs = performance.now();
    let endMs = Number.POSITIVE_INFINITY;
    let sentAll = false;

    const due = (index) => startMs + (index * 1_000) / job.rate;

    /** A closed load lasts for its time and at least so many requests, or for so many and no longer. */
    function wantsMore(nowMs) {
      if (job.requests !== undefined) return sent < job.requests;
      return nowMs < endMs || sent < (job.requestsMin ?? 0);
    }

    function onReady(connection) {
      if (sentAll) return;
      if (endMs === Number.POSITIVE_INFINITY) {
        idle.push(connection);
        if (idle.length === job.connections) start();
        return;
      }
      proceed(connection);
    }

    function start() {
      startMs = performance.now();
      endMs = startMs + (job.seconds ?? 0) * 1_000;
      if (job.kind === 'open') return void pace();
      for (const connection of idle.splice(0)) send(connection, performance.now());
    }

    function send(connection, sinceMs) {
      started.set(connection, sinceMs);
      sent++;
      connection.send(requests[next]);
      next = next + 1 === requests.length ? 0 : next + 1;
    }

    function onAnswer(connection, status, stays) {
      const nowMs = performance.now();
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 200) histogram.add(nowMs - started.get(connection));
      started.delete(connection);
      if (stays) proceed(connection, nowMs);
      finish();
    }

    function proceed(connection, nowMs = performance.now()) {
      if (job.kind === 'open') {
        idle.push(connection);
        sendDue(nowMs);
      } else if (wantsMore(nowMs)) send(connection, nowMs);
      else sentAll = true;
    }

    function onLost(connection) {
      lost++;
      started.delete(connection);
      finish();
    }

    function sendDue(nowMs) {
      while (idle.length > 0 && due(sent) <= nowMs && due(sent) < endMs) send(idle.shift(), due(sent));
      if (due(sent) >= endMs) sentAll = true;
    }

    async function pace() {
      while (!sentAll) {
        await ticker.at(Math.max(due(sent), performance.now() + 0.05));
        sendDue(performance.now());
      }
      finish();
    }

    function finish() {
      if (!sentAll || started.size > 0) return;
      sentAll = true;
      for (const connection of connections) connection.close();
      connections.length = 0;
      resolve({
        seconds: (performance.now() - startMs) / 1_000,
        statuses,
        ok: statuses[200] ?? 0,
        lost,
        next,
        p50Ms: histogram.quantile(0.5),
        p99Ms: histogram.quantile(0.99),
        p999Ms: histogram.quantile(0.999),
      });
    }

    for (let i = 0; i < job.connections; i++) {
      const { port, from } = job;
      connections.push(openConnection({ port, from, onReady, onAnswer, onLost }));
    }
  });
}

const prepared = new Map();

/** The requests of a target in their order, built once: its tokens and its paths, each in turn. */
function requestsOf({ tokensFile, pathsFile }) {
  const key = JSON.stringify([tokensFile, pathsFile]);
  const known = prepared.get(key);
  if (known) return known;
  const tokens = readFileSync(tokensFile, 'latin1').trim().split('\n');
  const paths = pathsFile ? readFileSync(pathsFile, 'latin1').trim().split('\n') : ['/item/7'];
  const built = Array.from({ length: Math.max(tokens.length, paths.length) }, (_, at) =>
    Buffer.from(
      `GET ${paths[at % paths.length]} HTTP/1.1\r\nhost: gateway.bench\r\naccept: */*\r\nuser-agent: bench\r\n` +
        `authorization: Bearer ${tokens[at % tokens.length]}\r\n\r\n`,
    ),
  );
  prepared.set(key, built);
  return built;
}

function createTicker() {
  const shared = new SharedArrayBuffer(16);
  const cell = new Int32Array(shared, 0, 2);
  const dueAt = new Float64Array(shared, 8, 1);
  new Worker(new URL('./ticker.mjs', import.meta.url), { workerData: { shared } }).unref();
  return {
    /** Resolves at the time, in ms of `performance.now()`. */
    async at(ms) {
      const seen = Atomics.load(cell, 1);
      dueAt[0] = performance.timeOrigin + ms;
      Atomics.store(cell, 0, 1);
      Atomics.notify(cell, 0);
      const waiting = Atomics.waitAsync(cell, 1, seen);
      if (waiting.async) await waiting.value;
    },
  };
}
