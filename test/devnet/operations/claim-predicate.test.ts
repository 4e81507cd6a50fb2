import { Claimant, type xdr } from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import { isFulfilled, isWellFormed, madeAbsolute } from '../../../src/devnet/operations/claim-predicate.ts';

const { predicateAnd, predicateOr, predicateNot, predicateUnconditional } = Claimant;
const { predicateBeforeAbsoluteTime: until, predicateBeforeRelativeTime: within } = Claimant;

describe('a predicate of a claim', () => {
  it('ends at its time, not after it', () => {
    expect(isFulfilled(until('100'), 99)).toBe(true);
    expect(isFulfilled(until('100'), 100)).toBe(false);
  });

  it('joins others', () => {
    const window = predicateAnd(predicateNot(until('100')), until('200'));
    expect([99, 100, 199, 200].map((time) => isFulfilled(window, time))).toEqual([false, true, true, false]);
    const outside = predicateOr(until('100'), predicateNot(until('200')));
    expect([99, 100, 199, 200].map((time) => isFulfilled(outside, time))).toEqual([true, false, false, true]);
  });

  it('with a time from now on is fixed when it is stored, wherever it stands', () => {
    const stored = madeAbsolute(predicateOr(predicateNot(within('10')), within('5')), 1000);
    expect(stored.equals(predicateOr(predicateNot(until('1010')), until('1005')))).toBe(true);
    const furthest = madeAbsolute(within('9223372036854775807'), 1000);
    expect(furthest.equals(until('9223372036854775807'))).toBe(true);
  });

  it('is at most four deep and names no time before 1970', () => {
    let nested: xdr.ClaimPredicate = predicateUnconditional();
    for (let depth = 1; depth < 4; depth++) nested = predicateNot(nested);
    expect(isWellFormed(nested)).toBe(true);
    expect(isWellFormed(predicateNot(nested))).toBe(false);
    expect(isWellFormed(until('-1'))).toBe(false);
    expect(isWellFormed(predicateAnd(within('-1'), until('1')))).toBe(false);
  });
});
