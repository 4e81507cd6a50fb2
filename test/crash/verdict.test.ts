import { expect, it } from 'vitest';
import type { CrashReport } from './crash-loop.ts';
import { faultsOf } from './verdict.ts';

const sound: CrashReport = {
  seed: 1,
  kills: 2,
  served: 10,
  charged: 12,
  refunded: 1,
  forwarded: 15,
  inFlightAtKills: 4,
  givenAway: [],
  unforwarded: [],
  repeated: [],
  settledOnChain: 5_500n,
  owed: 5_500n,
  unpaid: 0,
  reconciled: true,
  readyMs: [800, 900, 850],
};

it('books that agree have no faults', () => {
  expect(faultsOf(sound)).toEqual([]);
});

it.each([
  ['a call that was served and not charged', { givenAway: ['7'] }],
  ['a charge without a call upstream', { unforwarded: ['7'] }],
  ['a call that arrived twice', { repeated: ['7'] }],
  ['more charges than calls that a client saw or a kill cut off', { charged: 15 }],
  ['a vault that took another sum', { settledOnChain: 5_499n }],
  ['books that differ from the vault', { reconciled: false }],
  ['a run that went out of money', { unpaid: 1 }],
  ['a run in which nothing was served', { served: 0, charged: 0 }],
] satisfies [string, Partial<CrashReport>][])('%s is a fault', (_name, change) => {
  expect(faultsOf({ ...sound, ...change })).toHaveLength(1);
});
