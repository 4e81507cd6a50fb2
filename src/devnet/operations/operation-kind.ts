/** What the ledger must know about one kind of operation. */
import { xdr } from '@stellar/stellar-sdk';
import type { ThresholdLevel } from '../ledger/signatures.ts';
import type { NetworkLimits } from '../network-profiles.ts';
import type { OperationContext } from './context.ts';
import type { SorobanWork } from './soroban-work.ts';

export type OperationType = xdr.OperationBody['type'];
export type BodyOf<Type extends OperationType> = Extract<xdr.OperationBody, { type: Type }>;

/** What an operation's check may look at besides its body: never the ledger. */
export type OperationFacts = {
  source: xdr.PublicKey;
  data: xdr.SorobanTransactionData | undefined;
  limits: NetworkLimits;
  /** Takes what says more than the result's code. */
  explain(event: xdr.DiagnosticEvent): void;
};

export type OperationKind<Body> = {
  /** What the source must have signed with. */
  threshold(body: Body): ThresholdLevel;
  /** What is wrong with the operation whatever the ledger holds. */
  check(body: Body, facts: OperationFacts): xdr.OperationResult | undefined;
  /** Works on the context's stage; the caller throws the stage away when the result is no success. */
  apply(body: Body, context: OperationContext, work: SorobanWork | undefined): xdr.OperationResult;
  /**
   * The result of an operation nobody looked at, because another one of its transaction cannot be applied: the
   * network leaves the first code of the operation's result, which reads as success.
   */
  readonly untouched: xdr.OperationResult;
};

/** Codes that belong to no operation of its own but to all. */
export type SharedCode = 'too_many_subentries' | 'too_many_sponsoring' | 'not_supported';

type Rules<Body, Result> = {
  threshold: ThresholdLevel | ((body: Body) => ThresholdLevel);
  check(body: Body, facts: OperationFacts): Result | SharedCode | undefined;
  apply(body: Body, context: OperationContext, work: SorobanWork | undefined): Result | SharedCode;
  untouched: Result;
};

/** `wrap` puts the operation's own result where its transaction's result holds it. */
export function operationKind<Body, Result extends object>(
  wrap: (result: Result) => xdr.OperationResultTr,
  { threshold, check, apply, untouched }: Rules<Body, Result>,
): OperationKind<Body> {
  const inner = (result: Result | SharedCode): xdr.OperationResult =>
    typeof result === 'string' ? sharedResult(result) : xdr.OperationResult.opInner(wrap(result));
  return {
    threshold: typeof threshold === 'function' ? threshold : () => threshold,
    check(body, facts) {
      const problem = check(body, facts);
      return problem && inner(problem);
    },
    apply: (body, context, work) => inner(apply(body, context, work)),
    untouched: inner(untouched),
  };
}

function sharedResult(code: SharedCode): xdr.OperationResult {
  switch (code) {
    case 'too_many_subentries':
      return xdr.OperationResult.opTooManySubentries();
    case 'too_many_sponsoring':
      return xdr.OperationResult.opTooManySponsoring();
    case 'not_supported':
      return xdr.OperationResult.opNotSupported();
  }
}
