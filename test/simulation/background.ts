import type { FakeClock } from '../../src/clock.ts';

/** What a process has begun and not ended yet. Nothing of it takes real time: it goes on as the event loop turns. */
export class Background {
  private readonly open = new Set<Promise<unknown>>();
  private readonly clock: FakeClock;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  /** Work of the process: done, cut off by its death, or left to go on while others do something, unless `pass` lets time pass. */
  async soon<T>(work: Promise<T | 'dead'>, pass?: () => void): Promise<T | 'dead' | 'later' | 'failed'> {
    let result: T | 'dead' | 'later' | 'failed' = 'later';
    const done = work.then(
      (value) => {
        result = value;
      },
      () => {
        result = 'failed';
      },
    );
    this.open.add(done);
    void done.then(() => this.open.delete(done));
    for (let turn = 0; turn < turnsMax && result === 'later'; turn++) await new Promise(setImmediate);
    for (let wait = 0; pass && wait < waitsMax && result === 'later'; wait++) {
      pass();
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    }
    return result;
  }

  /**
   * Waits for work that nothing else goes on beside; time passes while it waits for that. A key that a thread of the system
   * reads takes as many turns as the machine likes, and no time. `gone` slept before, and nobody waits for them any more.
   */
  async meanwhile<T>(work: Promise<T>, pass: () => void, gone: readonly object[] = []): Promise<T> {
    let open = true;
    const close = () => {
      open = false;
    };
    work.then(close, close);
    let [waited, idle] = [0, 0];
    while (open) {
      await new Promise(setImmediate);
      if (this.clock.sleepers().some((sleeper) => !gone.includes(sleeper))) waited++;
      else [waited, idle] = [0, idle + 1];
      if (waited < turnsMax && idle < turnsOfThreadsMax) continue;
      pass();
      waited = 0;
    }
    return work;
  }

  /** Lets time pass until nothing waits for it. */
  async finish(pass: () => void): Promise<void> {
    for (let round = 0; this.open.size > 0 && round < 1_000; round++) {
      pass();
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    }
  }

  /** Of a process that is gone. */
  forget(): void {
    this.open.clear();
  }
}

/** How often what waits for a moment is given one. */
const waitsMax = 200;
/** More turns than any thread takes: whoever waits then waits for something else. */
const turnsOfThreadsMax = 100_000;
/** Turns of the event loop in which work that waits for no time is done. */
const turnsMax = 60;
