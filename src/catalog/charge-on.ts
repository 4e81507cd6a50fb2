import type { ChargedStatus } from './schema.ts';

/** True when a final status is charged. Looked up in a table, because it runs on every call. */
export function compileChargeOn(statuses: readonly ChargedStatus[]): (status: number) => boolean {
  const charged = new Uint8Array(500);
  for (const status of statuses) {
    if (typeof status === 'number') charged[status] = 1;
    else charged.fill(1, Number(status[0]) * 100, Number(status[0]) * 100 + 100);
  }
  return (status) => charged[status] === 1;
}
