import type { CrashReport } from './crash-loop.ts';

/** What of the promises did not hold: served ≤ charged ≤ forwarded + in flight, each call once, and the vault took what was charged. */
export function faultsOf(report: CrashReport): string[] {
  const { givenAway, unforwarded, repeated, served, charged, inFlightAtKills, settledOnChain, owed } = report;
  const faults: string[] = [];
  if (served === 0) faults.push('nothing was served, so nothing is shown');
  if (report.unpaid > 0) faults.push(`${report.unpaid} calls were not paid for, so the last kills show nothing`);
  if (givenAway.length > 0) faults.push(`served and not charged: ${givenAway.join(', ')}`);
  if (unforwarded.length > 0) faults.push(`charged and not forwarded: ${unforwarded.join(', ')}`);
  if (repeated.length > 0) faults.push(`forwarded twice: ${repeated.join(', ')}`);
  const unserved = charged - served;
  if (unserved > inFlightAtKills) {
    faults.push(
      `${unserved} calls are charged that no client saw, but only ${inFlightAtKills} were under way at the kills`,
    );
  }
  if (settledOnChain !== owed) faults.push(`the vault took ${settledOnChain} units, the books say ${owed}`);
  if (!report.reconciled) faults.push('callora reconcile found a difference');
  return faults;
}
