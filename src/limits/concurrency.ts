/** Counts what runs at once per key, so that one account or address cannot take every slot. */
export type Concurrency<Key> = {
  /** Takes a place, or returns false when `max` are taken. Each true is followed by exactly one `leave`. */
  enter(key: Key, max: number): boolean;
  leave(key: Key): void;
  running(key: Key): number;
};

export function createConcurrency<Key>(): Concurrency<Key> {
  const running = new Map<Key, number>();
  return {
    enter(key, max) {
      const taken = running.get(key) ?? 0;
      if (taken >= max) return false;
      running.set(key, taken + 1);
      return true;
    },
    leave(key) {
      const taken = running.get(key) ?? 0;
      // A key without calls leaves the map: it would otherwise grow with every account ever seen.
      if (taken <= 1) running.delete(key);
      else running.set(key, taken - 1);
    },
    running: (key) => running.get(key) ?? 0,
  };
}
