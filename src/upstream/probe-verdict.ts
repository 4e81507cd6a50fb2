/**
 * What the probes of one target say. It is healthy until `unhealthy` probes in a row have failed, and unhealthy until
 * `healthy` in a row have not; `streak` counts those that speak against the verdict.
 */
export type ProbeVerdict = { readonly healthy: boolean; readonly streak: number };

export const trusted: ProbeVerdict = { healthy: true, streak: 0 };

export function nextVerdict(
  verdict: ProbeVerdict,
  good: boolean,
  rules: { healthy: number; unhealthy: number },
): ProbeVerdict {
  if (good === verdict.healthy) return { healthy: verdict.healthy, streak: 0 };
  const streak = verdict.streak + 1;
  const needed = verdict.healthy ? rules.unhealthy : rules.healthy;
  return streak >= needed ? { healthy: good, streak: 0 } : { healthy: verdict.healthy, streak };
}
