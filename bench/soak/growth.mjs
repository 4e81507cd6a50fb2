// What the gateway's process takes over time, and whether it grows.
import { readdirSync, readFileSync } from 'node:fs';

/** The last part of the time against the middle: by then every cache, pool and buffer has been used. */
const bounds = {
  /** MiB; the allocator and the database's own cache move by some of it. */
  rssMiB: 40,
  heapMiB: 16,
  /** Open files and sockets; how many clients are connected moves by some of it. */
  descriptors: 24,
  handles: 24,
};

export function watchProcess(stage, say) {
  const samples = [];
  const startMs = performance.now();
  const atRest = openFiles(stage.pid);
  let stopping = false;
  const running = (async () => {
    while (!stopping) {
      try {
        samples.push(await sample(stage, startMs));
      } catch (error) {
        say(`no sample: ${error.message}`);
      }
      for (let waited = 0; waited < 10 && !stopping; waited++) await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return {
    status() {
      const last = samples.at(-1);
      return last ? `${last.rssMiB} MiB, heap ${last.heapMiB} MiB, ${last.descriptors} descriptors` : 'no sample yet';
    },
    async stop() {
      stopping = true;
      await running;
      return { atRest, atEnd: openFiles(stage.pid), list: samples };
    },
  };
}

async function sample(stage, startMs) {
  const [heap, handles, connections] = await Promise.all(
    ['nodejs_heap_size_used_bytes', 'nodejs_active_handles_total', 'callora_connections'].map(stage.gauge),
  );
  return {
    atS: Math.round((performance.now() - startMs) / 1000),
    rssMiB: mib(1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${stage.pid}/status`, 'utf8'))?.[1])),
    heapMiB: mib(heap),
    handles,
    connections,
    descriptors: openFiles(stage.pid),
  };
}

/** In so short a time, s, the heap may not be collected whole: what lies in it says little. */
const shortS = 120;
const shortHeapMiB = 64;

export function judgeGrowth({ atRest, atEnd, list }) {
  const faults = [];
  const short = (list.at(-1)?.atS ?? 0) < shortS;
  const middle = list.slice(Math.floor(list.length * 0.4), Math.floor(list.length * 0.7));
  const last = list.slice(Math.floor(list.length * 0.7));
  const figures = { 'descriptors at rest, before and after': `${atRest}, ${atEnd}` };
  if (middle.length < 3) faults.push('there are too few samples to judge growth by');
  for (const [name, bound] of Object.entries(bounds)) {
    // What a heap needs is what is left behind a collection, so the least counts; of all else the middle.
    const of = name === 'heapMiB' ? least : median;
    const [before, after] = [middle, last].map((samples) => of(samples.map((each) => each[name])));
    figures[`${name}, middle and last part`] = `${before}, ${after}`;
    const most = short && name === 'heapMiB' ? shortHeapMiB : bound;
    if (after - before > most) faults.push(`${name} grew from ${before} to ${after}`);
  }
  // Connections to the upstream are kept for some seconds.
  if (atEnd > atRest + bounds.descriptors)
    faults.push(`${atEnd} descriptors are open after all, ${atRest} were before`);
  return { faults, figures };
}

function openFiles(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function mib(bytes) {
  return Math.round(bytes / 2 ** 20);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function least(values) {
  return Math.min(...values);
}
