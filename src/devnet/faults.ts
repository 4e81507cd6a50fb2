/** Faults on demand: what a client meets when a provider is slow, fails, or loses an answer on its way back. */

export type Fault =
  /** The connection is closed before the request is looked at. */
  | { kind: 'refuse' }
  /** The answer comes late. */
  | { kind: 'delay'; delayMs: number }
  /** The request takes effect, but the connection is closed instead of an answer. */
  | { kind: 'drop-reply-after-apply' }
  /** The request is not looked at; JSON-RPC answers this error, Horizon 500. */
  | { kind: 'error'; message: string; code?: number };

export type Faults = {
  /** Replaces the method's fault; undefined ends it. `times` faults by itself end after so many requests. */
  set(method: string, fault: Fault | undefined, times?: number): void;
  /** The fault to meet, used up once. */
  next(method: string): Fault | undefined;
};

export function createFaults(): Faults {
  const faults = new Map<string, { fault: Fault; left: number }>();
  return {
    set(method, fault, times = Number.POSITIVE_INFINITY) {
      if (fault && times > 0) faults.set(method, { fault, left: times });
      else faults.delete(method);
    },
    next(method) {
      const found = faults.get(method);
      if (!found) return undefined;
      found.left -= 1;
      if (found.left <= 0) faults.delete(method);
      return found.fault;
    },
  };
}
