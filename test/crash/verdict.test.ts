import { expect, it } from 'vitest';
import type { Comparison } from './compare.ts';
import type { CrashReport } from './crash-loop.ts';
import type { LineBooks } from './line-books.ts';
import { faultsOf } from './verdict.ts';

/** Of twelve calls that were charged one was refunded and another is in no batch yet; it was cut off. */
const line: LineBooks = {
  account: 'G1',
  payee: 'P1',
  served: 10,
  charged: 12,
  refunded: 1,
  forwarded: 15,
  cutOff: 4,
  unpaid: 0,
  givenAway: [],
  unforwarded: [],
  repeated: [],
  sold: 5_500n,
  owed: 5_000n,
};

const sound: CrashReport = {
  seed: 1,
  kills: 2,
  poor: 'G2',
  lines: [
    line,
    { ...line, payee: 'P2', sold: 3_300n, owed: 3_000n },
    { ...line, account: 'G2', unpaid: 7 },
    { ...line, account: 'G2', payee: 'P2', unpaid: 8, sold: 3_300n, owed: 3_000n },
  ],
  accounts: [
    { address: 'G1', deposited: [90_000n, 90_000n, 90_000n], settled: 8_000n },
    { address: 'G2', deposited: [9_000n, 9_000n, 9_000n], settled: 8_000n },
  ],
  payees: [
    { address: 'P1', earned: 10_000n },
    { address: 'P2', earned: 6_000n },
  ],
  owed: 16_000n,
  reconciled: true,
  readyMs: [800, 900, 850],
};

/** Changes by their place in the list; the others stay. */
function changed<T>(all: T[], changes: Record<number, Partial<T>>): T[] {
  return all.map((each, index) => ({ ...each, ...changes[index] }));
}
const lines = (changes: Record<number, Partial<LineBooks>>) => ({ lines: changed(sound.lines, changes) });
const accounts = (changes: Record<number, Partial<Comparison['accounts'][number]>>) => ({
  accounts: changed(sound.accounts, changes),
});
const payees = (changes: Record<number, Partial<Comparison['payees'][number]>>) => ({
  payees: changed(sound.payees, changes),
});

it('books that agree have no faults', () => {
  expect(faultsOf(sound)).toEqual([]);
});

it.each([
  ['a call that was served and not charged', lines({ 0: { givenAway: ['7'] } }), ['G1 at payee P1: served']],
  ['a charge without a call upstream', lines({ 1: { unforwarded: ['7'] } }), ['G1 at payee P2: charged']],
  ['a call that arrived twice', lines({ 2: { repeated: ['7'] } }), ['G2 at payee P1: forwarded twice']],
  [
    'more charges of one account than its clients saw or a kill cut off, though others were cut off more often',
    lines({ 3: { charged: 15 } }),
    ['G2 at payee P2: 5 calls'],
  ],
  [
    'an account that was served nothing of one payee',
    lines({ 1: { served: 0, charged: 0 } }),
    ['G1 at payee P2: noth'],
  ],
  [
    'a unit missing at one account, and taken from another instead',
    accounts({ 0: { settled: 7_999n }, 1: { settled: 8_001n } }),
    ['G1 has paid 7999', 'G2 has paid 8001'],
  ],
  [
    'a unit missing at one payee, and earned by another instead',
    payees({ 0: { earned: 9_999n }, 1: { earned: 6_001n } }),
    ['payee P1 has earned 9999', 'payee P2 has earned 6001'],
  ],
  ['what the vault took of an account and gave to no payee', payees({ 1: { earned: 5_999n } }), ['payee P2']],
  [
    'what an account paid for the calls of another',
    lines({ 0: { owed: 5_500n }, 2: { owed: 4_500n } }),
    ['G1 has paid 8000 units by the vault, and 8500', 'G2 has paid 8000 units by the vault, and 7500'],
  ],
  ['a sum of the database that its rows do not come to', { owed: 15_999n }, ['in sum the vault took 16000']],
  [
    'an account that nobody knows and that paid',
    {
      accounts: [
        ...sound.accounts,
        { address: 'G3', deposited: [1n, 1n, 1n] as [bigint, bigint, bigint], settled: 1n },
      ],
    },
    ['G3 has paid 1', 'in sum'],
  ],
  ['an account that was sold more than it had', lines({ 2: { sold: 6_000n } }), ['G2 was sold 9300']],
  ['a deposit that is credited twice', accounts({ 1: { deposited: [9_000n, 9_000n, 18_000n] } }), ['G2: deposits']],
  ['a deposit that is lost', accounts({ 0: { deposited: [90_000n, 90_000n, 80_000n] } }), ['G1: deposits']],
  ['an account that went out of money and was not to', lines({ 1: { unpaid: 1 } }), ['1 calls of G1']],
  [
    'an account that was to go out of money and did not',
    lines({ 2: { unpaid: 0 }, 3: { unpaid: 0 } }),
    ['G2 never ran out'],
  ],
  ['books that differ from the vault', { reconciled: false }, ['callora reconcile']],
  ['a start that takes too long', { readyMs: [800, 30_001] }, ['ready 30001 ms after kill 2']],
] satisfies [string, Partial<CrashReport>, string[]][])('%s is a fault, and named', (_name, change, faults) => {
  expect(faultsOf({ ...sound, ...change })).toEqual(faults.map((fault) => expect.stringContaining(fault)));
});
