import { expect, it } from 'vitest';
import { crashLoop } from '../crash/crash-loop.ts';
import { killFigures } from '../crash/kills-told.ts';
import { faultsOf } from '../crash/verdict.ts';
import { figure } from '../support/figure.ts';

const kills = 50;

it(`over ${kills} kills under load: served ≤ charged ≤ forwarded + in flight, and the vault takes what was charged`, async () => {
  const report = await crashLoop({ kills, seed: 1 });
  const told = killFigures(report);
  figure(
    `${kills} kills, ${told.accounts} accounts, ${told.payees} payees: ${told.served} served, ${told.charged} charged, ${told.refunded} refunded, ${told.forwarded} forwarded, ${told.inFlightAtKills} in flight at kills, ready after ${told.readyMedianMs} ms (median), ${told.readyMaxMs} ms at the most`,
  );
  expect(faultsOf(report)).toEqual([]);
  expect(told.served).toBeGreaterThan(kills);
});
