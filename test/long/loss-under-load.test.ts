import { expect, it } from 'vitest';
import { faultsOfEnd, faultsOfLoss } from '../crash/loss-verdict.ts';
import { lossLoop } from '../crash/losses.ts';
import { told } from '../crash/losses-told.ts';
import { figure } from '../support/figure.ts';

const losses = 9;

it(`over ${losses} losses of the database under load, with a batch on its way: nothing is billed, credited or paid twice, and what cannot be known is told`, async () => {
  const report = await lossLoop({ losses, seed: 1 });
  figure(told(report));
  expect([...report.losses.flatMap(faultsOfLoss), ...faultsOfEnd(report.end)]).toEqual([]);
});
