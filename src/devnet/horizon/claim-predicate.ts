/** When a balance may be claimed, as Horizon writes it. */
import type { xdr } from '@stellar/stellar-sdk';

export function predicateResource(predicate: xdr.ClaimPredicate): Record<string, unknown> {
  switch (predicate.type) {
    case 'claimPredicateUnconditional':
      return { unconditional: true };
    case 'claimPredicateAnd':
      return { and: predicate.andPredicates.map(predicateResource) };
    case 'claimPredicateOr':
      return { or: predicate.orPredicates.map(predicateResource) };
    case 'claimPredicateNot':
      return predicate.notPredicate ? { not: predicateResource(predicate.notPredicate) } : {};
    case 'claimPredicateBeforeAbsoluteTime': {
      const seconds = predicate.absBefore;
      return { abs_before: absoluteTime(seconds), abs_before_epoch: seconds.toString() };
    }
    case 'claimPredicateBeforeRelativeTime':
      return { rel_before: predicate.relBefore.toString() };
  }
}

/** Times that no calendar of JavaScript has stay numbers. */
function absoluteTime(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? seconds.toString() : date.toISOString().replace('.000Z', 'Z');
}
