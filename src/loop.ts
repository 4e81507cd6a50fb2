import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/**
 * A loop calls `turn` again and again: at once when it says there is more to do, after `intervalMs` otherwise,
 * after a jittered, growing pause when it throws. It never runs two turns at once, and stopping waits for the running one.
 */
export type Loop = {
  start(): void;
  /** Ends the pause before the next turn: a stream or a request says there is work. */
  wake(): void;
  /** Aborts the running turn's signal and resolves when it has ended. */
  stop(): Promise<void>;
  health(): LoopHealth;
};

export type LoopHealth = {
  name: string;
  running: boolean;
  turns: number;
  failuresInRow: number;
  /** Wall time of the last turn that ended well, ms; undefined before the first. */
  lastProgressAtMs: number | undefined;
  lastError: string | undefined;
  /** No call depends on it: its trouble is told, and calls go on. */
  aside: boolean;
};

export type LoopOptions = {
  name: string;
  intervalMs: number;
  /** The longest pause after failures. Default 30 s: long enough to spare a provider, short enough to notice it is back. */
  backoffMaxMs?: number;
  /** Default false: trouble of a loop turns calls away. */
  aside?: boolean;
  clock: Clock;
  log: Log;
  /** Returns true when there is more to do at once. */
  turn(signal: AbortSignal): Promise<boolean>;
};

export function createLoop(options: LoopOptions): Loop {
  const { name, intervalMs, clock, log, turn } = options;
  const backoffMaxMs = options.backoffMaxMs ?? 30_000;
  const stopping = new AbortController();
  let pause = new AbortController();
  let woken = false;
  let running: Promise<void> | undefined;
  const health: LoopHealth = {
    name,
    running: false,
    turns: 0,
    failuresInRow: 0,
    lastProgressAtMs: undefined,
    lastError: undefined,
    aside: options.aside ?? false,
  };

  async function run(): Promise<void> {
    health.running = true;
    while (!stopping.signal.aborted) {
      woken = false;
      const waitMs = await oneTurn();
      if (stopping.signal.aborted) break;
      if (waitMs > 0 && !woken) {
        pause = new AbortController();
        await clock.sleep(waitMs, AbortSignal.any([pause.signal, stopping.signal]));
      }
    }
    health.running = false;
  }

  async function oneTurn(): Promise<number> {
    try {
      const more = await turn(stopping.signal);
      health.turns++;
      health.failuresInRow = 0;
      health.lastError = undefined;
      health.lastProgressAtMs = clock.nowMs();
      return more ? 0 : intervalMs;
    } catch (error) {
      if (stopping.signal.aborted) return 0;
      health.failuresInRow++;
      health.lastError = error instanceof Error ? error.message : String(error);
      const waitMs = backoffMs(health.failuresInRow, intervalMs, backoffMaxMs);
      log.warn({ loop: name, err: error, retryInMs: waitMs }, `${name} failed; next try in ${waitMs} ms`);
      return waitMs;
    }
  }

  return {
    start() {
      running ??= run();
    },
    wake() {
      woken = true;
      pause.abort();
    },
    async stop() {
      stopping.abort();
      await running;
    },
    health: () => ({ ...health }),
  };
}

/** Doubles from the interval up to the maximum, then takes off up to a quarter at random so that instances spread out. */
function backoffMs(failuresInRow: number, intervalMs: number, maxMs: number): number {
  const fullMs = Math.min(maxMs, Math.max(intervalMs, 100) * 2 ** Math.min(failuresInRow, 16));
  return Math.round(fullMs * (1 - Math.random() / 4));
}
