import { describe, expect, it } from 'vitest';
import type { LeftAccount, LeftBooks } from './left-books.ts';
import type { AccountAfter, Loss } from './loss.ts';
import { faultsOfEnd, faultsOfLoss } from './loss-verdict.ts';
import type { LossEnd } from './losses.ts';

const left: LeftAccount = { deposited: 90_000n, settled: 500n, withdrawn: 0n, net: 1_000n, elsewhere: 0n, owed: 0n };

function books(charges: string[], account: Partial<LeftAccount> = {}): LeftBooks {
  return { charges: new Set(charges), lastSent: 1, accounts: new Map([['G1', { ...left, ...account }]]) };
}

/** Of two calls in the copy one was settled, and after the copy three more: so the vault explains two that nobody knows. */
const after: AccountAfter = {
  address: 'G1',
  deposited: [90_000n, 90_000n, 90_000n],
  withdrawn: [10n, 10n, 10n],
  settled: 2_000n,
  asked: 2_000n,
};

const sound: Loss = {
  way: 'a backup',
  flight: 'on its way',
  landedAfter: true,
  exitLanded: true,
  begun: new Set(['1']),
  served: new Set(['2', '3']),
  forwarded: ['2', '3', '4', '5'],
  inFlight: 1,
  lost: books(['1', '2', '3', '4']),
  copy: books(['1', '2']),
  servedTooEarly: 0,
  said: ['sales: stopped: waiting for 601 s of chain time'],
  accounts: [after],
  reconciled: true,
  settledElsewhere: 1_000n,
};

const changed = (change: Partial<AccountAfter>): Partial<Loss> => ({ accounts: [{ ...after, ...change }] });

describe('a loss', () => {
  it('after which the books are the vault’s has no faults', () => {
    expect(faultsOfLoss(sound)).toEqual([]);
  });

  it('of all books leaves what the vault has taken, and no more', () => {
    const all: Loss = { ...sound, way: 'nothing', copy: undefined, settledElsewhere: 2_000n };
    expect(faultsOfLoss(all)).toEqual([]);
    expect(faultsOfLoss({ ...all, ...changed({ asked: 2_500n }), settledElsewhere: 2_500n })).toHaveLength(1);
  });

  it('asks for what came back where the vault has taken less', () => {
    expect(faultsOfLoss({ ...sound, ...changed({ settled: 500n, asked: 1_000n }), settledElsewhere: 0n })).toEqual([]);
  });

  it.each([
    ['an account that is asked for a call more', { ...changed({ asked: 2_500n }), settledElsewhere: 1_500n }],
    ['an account that is asked for a call less', { ...changed({ asked: 1_500n }), settledElsewhere: 500n }],
    ['a deposit that is credited twice', changed({ deposited: [90_000n, 90_000n, 95_000n] })],
    ['a deposit that the vault has and the books have not', changed({ deposited: [90_000n, 90_000n, 85_000n] })],
    ['an exit that the books do not know', changed({ withdrawn: [10n, 10n, 0n] })],
    ['a call that was served during the wait', { servedTooEarly: 1 }],
    ['silence about the wait', { said: ['sales: stopped'] }],
    ['a call that was served and not charged', { served: new Set(['2', '9']) }],
    ['a charge without a call upstream', { forwarded: ['2', '3'] }],
    ['a call that arrived twice', { forwarded: ['2', '3', '4', '4'] }],
    ['more charges than calls that a client saw or the kill cut off', { inFlight: 0 }],
    ['a run in which nothing was served', { served: new Set<string>(), inFlight: 3 }],
    ['books that differ from the vault', { reconciled: false }],
    ['another word about what cannot be known', { settledElsewhere: 500n }],
    [
      'books put back by hand that do not notice it',
      { way: 'its files, put back by hand' as const, said: ['waiting for 5 s of chain time'] },
    ],
  ] satisfies [string, Partial<Loss>][])('with %s is a fault', (_name, change) => {
    expect(faultsOfLoss({ ...sound, ...change })).toHaveLength(1);
  });
});

const soundEnd: LossEnd = {
  begun: new Set(['1']),
  served: new Set(['2']),
  forwarded: ['2'],
  inFlight: 0,
  lost: books(['1', '2']),
  reconciled: true,
  accounts: [{ address: 'G1', settled: 500n, books: left, most: 1_000n }],
  payees: [
    { address: 'P1', most: 800n, gross: 300n, netPaid: 198n, feePaid: 2n, holds: 198n },
    { address: 'P2', most: 200n, gross: 200n, netPaid: 99n, feePaid: 1n, holds: 99n },
  ],
};

const [account] = soundEnd.accounts;
const changedEnd = (change: Partial<LossEnd['accounts'][number]>): Partial<LossEnd> => ({
  accounts: account ? [{ ...account, ...change }] : [],
});
const [payee, other] = soundEnd.payees;
type EndPayee = Partial<LossEnd['payees'][number]>;
const changedPayees = (change: EndPayee, otherChange: EndPayee = {}): Partial<LossEnd> => ({
  payees:
    payee && other
      ? [
          { ...payee, ...change },
          { ...other, ...otherChange },
        ]
      : [],
});

describe('the end', () => {
  it('of books that agree has no faults', () => {
    expect(faultsOfEnd(soundEnd)).toEqual([]);
  });

  it.each([
    ['an account that has paid for more than it was served', changedEnd({ most: 0n })],
    ['settlements that the books do not have', changedEnd({ books: { ...left, settled: 0n } })],
    ['an account that was sold more than it had', changedEnd({ books: { ...left, owed: 1n } })],
    ['a payee who has earned what nobody paid', changedPayees({ gross: 301n })],
    ['a payee who has earned what is another’s', changedPayees({ gross: 299n }, { gross: 201n })],
    ['a payee who was paid twice', changedPayees({ holds: 396n })],
    ['a payee who was never paid', changedPayees({}, { netPaid: 0n, holds: 0n })],
    ['books that differ from the vault', { reconciled: false }],
  ] satisfies [string, Partial<LossEnd>][])('with %s is a fault', (_name, change) => {
    expect(faultsOfEnd({ ...soundEnd, ...change })).toHaveLength(1);
  });
});
