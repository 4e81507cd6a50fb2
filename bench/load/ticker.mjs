// Wakes the generator when its next request is due: timers of the event loop only know whole milliseconds.
import { workerData } from 'node:worker_threads';

const { shared } = workerData;
const cell = new Int32Array(shared, 0, 2);
const due = new Float64Array(shared, 8, 1);
const never = new Int32Array(new SharedArrayBuffer(4));

/** The main thread asks by setting the first cell; the second one is what it waits on. */
for (;;) {
  Atomics.wait(cell, 0, 0);
  const waitMs = due[0] - (performance.timeOrigin + performance.now());
  if (waitMs > 0) Atomics.wait(never, 0, 0, waitMs);
  Atomics.store(cell, 0, 0);
  Atomics.add(cell, 1, 1);
  Atomics.notify(cell, 1);
}
