/** When a claimant may claim (CAP-23). */
import { xdr } from '@stellar/stellar-sdk';
import { MAX_INT64 } from '../ledger/balances.ts';

/** Predicates within predicates, counted from the outermost. */
const DEPTH_MAX = 4;

/** Whether the predicate is complete, not nested too deeply, and names no time before 1970. */
export function isWellFormed(predicate: xdr.ClaimPredicate, depth = 1): boolean {
  if (depth > DEPTH_MAX) return false;
  switch (predicate.type) {
    case 'claimPredicateUnconditional':
      return true;
    case 'claimPredicateAnd':
      return isWellFormedPair(predicate.andPredicates, depth);
    case 'claimPredicateOr':
      return isWellFormedPair(predicate.orPredicates, depth);
    case 'claimPredicateNot':
      return predicate.notPredicate !== null && isWellFormed(predicate.notPredicate, depth + 1);
    case 'claimPredicateBeforeAbsoluteTime':
      return predicate.absBefore >= 0n;
    case 'claimPredicateBeforeRelativeTime':
      return predicate.relBefore >= 0n;
  }
}

/** The predicate as it is stored: times from now on become times. */
export function madeAbsolute(predicate: xdr.ClaimPredicate, closeTimeS: number): xdr.ClaimPredicate {
  const Predicate = xdr.ClaimPredicate;
  const inner = (one: xdr.ClaimPredicate) => madeAbsolute(one, closeTimeS);
  switch (predicate.type) {
    case 'claimPredicateAnd':
      return Predicate.claimPredicateAnd(predicate.andPredicates.map(inner));
    case 'claimPredicateOr':
      return Predicate.claimPredicateOr(predicate.orPredicates.map(inner));
    case 'claimPredicateNot':
      return Predicate.claimPredicateNot(predicate.notPredicate && inner(predicate.notPredicate));
    case 'claimPredicateBeforeRelativeTime': {
      const before = BigInt(closeTimeS) + predicate.relBefore;
      return Predicate.claimPredicateBeforeAbsoluteTime(before > MAX_INT64 ? MAX_INT64 : before);
    }
    default:
      return predicate;
  }
}

/** Of a stored predicate, in a ledger that closes at this time. */
export function isFulfilled(predicate: xdr.ClaimPredicate, closeTimeS: number): boolean {
  switch (predicate.type) {
    case 'claimPredicateUnconditional':
      return true;
    case 'claimPredicateAnd':
      return predicate.andPredicates.every((one) => isFulfilled(one, closeTimeS));
    case 'claimPredicateOr':
      return predicate.orPredicates.some((one) => isFulfilled(one, closeTimeS));
    case 'claimPredicateNot':
      return predicate.notPredicate !== null && !isFulfilled(predicate.notPredicate, closeTimeS);
    case 'claimPredicateBeforeAbsoluteTime':
      return predicate.absBefore > BigInt(closeTimeS);
    case 'claimPredicateBeforeRelativeTime':
      throw new Error('a stored predicate has no relative times');
  }
}

function isWellFormedPair(predicates: readonly xdr.ClaimPredicate[], depth: number): boolean {
  return predicates.length === 2 && predicates.every((one) => isWellFormed(one, depth + 1));
}
