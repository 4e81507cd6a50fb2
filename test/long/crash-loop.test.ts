import { expect, it } from 'vitest';
import { crashLoop } from '../crash/crash-loop.ts';
import { faultsOf } from '../crash/verdict.ts';
import { figure } from '../support/figure.ts';

const kills = 50;

it(`over ${kills} kills under load: served ≤ charged ≤ forwarded + in flight, and the vault takes what was charged`, async () => {
  const report = await crashLoop({ kills, seed: 1 });
  const { served, charged, refunded, forwarded, inFlightAtKills, readyMs } = report;
  const ready = Math.round(readyMs.toSorted((one, other) => one - other)[Math.floor(readyMs.length / 2)] ?? 0);
  figure(
    `${kills} kills: ${served} served, ${charged} charged, ${refunded} refunded, ${forwarded} forwarded, ${inFlightAtKills} in flight at kills, ready after ${ready} ms (median)`,
  );
  expect(faultsOf(report)).toEqual([]);
  expect(served).toBeGreaterThan(kills);
});
