import type { Fault } from './fault.ts';

/** Which faults wait for which requests. */
export type Faults = {
  /** Replaces the target's fault; undefined ends it. */
  set(target: string, fault: Fault | undefined, when?: FaultTimes): void;
  clear(): void;
  list(): ListedFault[];
  /** The fault that a request meets, used up once: the first of its targets that has one decides. */
  next(targets: readonly string[]): Fault | undefined;
};

export type FaultTimes = {
  /** The fault ends by itself after so many requests have met it. */
  times?: number | undefined;
  /** Only every so-manieth request meets it: a pool of servers, one of which is bad. */
  every?: number | undefined;
};

export type ListedFault = { target: string; fault: Fault; timesLeft: number | null; every: number };

type Waiting = { fault: Fault; left: number; every: number; asked: number };

export function createFaults(): Faults {
  const faults = new Map<string, Waiting>();

  function meet(target: string, waiting: Waiting): Fault | undefined {
    waiting.asked += 1;
    if (waiting.asked % waiting.every !== 0) return undefined;
    waiting.left -= 1;
    if (waiting.left <= 0) faults.delete(target);
    return waiting.fault;
  }

  return {
    set(target, fault, { times = Number.POSITIVE_INFINITY, every = 1 } = {}) {
      if (fault && times > 0) faults.set(target, { fault, left: times, every, asked: 0 });
      else faults.delete(target);
    },
    clear: () => faults.clear(),
    list: () =>
      [...faults].map(([target, { fault, left, every }]) => ({
        target,
        fault,
        timesLeft: Number.isFinite(left) ? left : null,
        every,
      })),
    next(targets) {
      for (const target of targets) {
        const waiting = faults.get(target);
        const fault = waiting && meet(target, waiting);
        if (fault) return fault;
      }
      return undefined;
    },
  };
}
