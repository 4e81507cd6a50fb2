/** How fees are spread: what both kinds of servers tell of them. */

const PERCENTILES = [10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99] as const;

/** `max`, `min`, `mode` and `p10` to `p99`: all of them `none` where there are no fees. */
export function feeDistribution(fees: readonly bigint[], none: bigint): Record<string, bigint> {
  const sorted = [...fees].sort((a, b) => (a < b ? -1 : 1));
  const at = (percent: number) => sorted[Math.max(0, Math.ceil((percent * sorted.length) / 100) - 1)] ?? none;
  return {
    max: at(100),
    min: at(0),
    mode: mostFrequent(sorted) ?? none,
    ...Object.fromEntries(PERCENTILES.map((percent) => [`p${percent}`, at(percent)])),
  };
}

/** The lowest of those that are equally frequent. */
function mostFrequent(sorted: readonly bigint[]): bigint | undefined {
  const counts = new Map<bigint, number>();
  for (const fee of sorted) counts.set(fee, (counts.get(fee) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
