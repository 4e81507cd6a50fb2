import { coreMicros, usageOf } from './process-tree.mjs';

/** A load before the first round: when it ends, compilers and pools have done their work and every token was seen. */
export function warmUp(load, target, { seconds, requestsMin }) {
  return load.run(target, { kind: 'closed', seconds, requestsMin });
}

/** As many requests as it takes, and what each cost it: also what it did for them only when the load was over. */
export async function measureFull(load, target, job) {
  const before = usageOf(target.pid);
  const coreBefore = coreMicros(target.core);
  const result = await load.run(target, { kind: 'closed', ...job });
  const coreUsed = coreMicros(target.core) - coreBefore;
  const after = usageOf(target.pid);
  const quiet = await untilQuiet(target.pid);
  return {
    ...countsOf(result),
    requestsPerSecond: result.ok / result.seconds,
    cpuMicros: (quiet.cpuMicros - before.cpuMicros) / result.ok,
    /** Share of a core that the program used: well below 1, the load was the limit, not the program. */
    coreShare: (after.cpuMicros - before.cpuMicros) / 1e6 / result.seconds,
    /** Share that others took of the same core: then all figures say less. */
    foreignShare: Math.max(0, coreUsed - (after.cpuMicros - before.cpuMicros)) / 1e6 / result.seconds,
    loadShare: result.cpuMicros / 1e6 / result.seconds,
    fullP50Ms: result.p50Ms,
    fullP99Ms: result.p99Ms,
    rssBytes: after.rssBytes,
  };
}

/** Its usage when it rests: what it does after a load, such as a checkpoint, must not meet the next one's turn. */
async function untilQuiet(pid) {
  let usage = usageOf(pid);
  for (let tries = 0; tries < 15; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const later = usageOf(pid);
    const resting = later.cpuMicros - usage.cpuMicros <= 10_000;
    usage = later;
    if (resting) break;
  }
  return usage;
}

/** Latencies at a constant rate, and right after it those of the upstream without any proxy at the same rate. */
export async function measureAtRate(load, target, upstream, { rate, seconds }) {
  const through = await load.run(target, { kind: 'open', rate, seconds });
  await untilQuiet(target.pid);
  const direct = await load.run(upstream, { kind: 'open', rate, seconds: seconds / 2 });
  return {
    ...countsOf(through),
    rate,
    p50Ms: through.p50Ms,
    p99Ms: through.p99Ms,
    p999Ms: through.p999Ms,
    addedP50Ms: through.p50Ms - direct.p50Ms,
    addedP99Ms: through.p99Ms - direct.p99Ms,
    /** Less than 1 says that neither the program nor the load kept up with the rate. */
    rateKept: through.ok / through.seconds / rate,
    generatorShare: through.cpuMicros / 1e6 / through.seconds,
  };
}

export function countsOf({ ok, statuses, lost }) {
  const answered = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  return { ok, failed: answered - ok + lost, statuses };
}
