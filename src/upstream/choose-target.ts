/**
 * The target with the fewest calls among those that may serve, or undefined when none may. The search begins at
 * `turn`, and the caller counts it on, so that equals are taken in turn.
 */
export function chooseTarget<T extends { readonly load: number }>(
  targets: readonly T[],
  turn: number,
  mayServe: (target: T) => boolean,
): T | undefined {
  let best: T | undefined;
  for (let i = 0; i < targets.length; i++) {
    const target = targets[(turn + i) % targets.length];
    if (target && (best === undefined || target.load < best.load) && mayServe(target)) best = target;
  }
  return best;
}
