/** Result codes as Horizon spells them: `txBadSeq` is `tx_bad_seq`, `paymentUnderfunded` is `op_underfunded`. */
import type { xdr } from '@stellar/stellar-sdk';

export type ResultCodes = { transaction: string; inner_transaction?: string; operations?: string[] };

/** `ofInner`: of the transaction within a fee bump, for those who only know that one. */
export function resultCodes({ result }: xdr.TransactionResult, ofInner = false): ResultCodes {
  if (result.type !== 'txFeeBumpInnerSuccess' && result.type !== 'txFeeBumpInnerFailed') return codesOf(result);
  const inner = codesOf(result.innerResultPair.result.result);
  if (ofInner) return inner;
  const { transaction, ...operations } = inner;
  return { transaction: transactionCode(result.type), inner_transaction: transaction, ...operations };
}

type Outcome = xdr.TransactionResult['result'] | xdr.InnerTransactionResult['result'];

function codesOf(outcome: Outcome): ResultCodes {
  const transaction = transactionCode(outcome.type);
  return outcome.type === 'txSuccess' || outcome.type === 'txFailed'
    ? { transaction, operations: outcome.results.map(operationCode) }
    : { transaction };
}

/** Where Horizon's spelling is not the network's. */
const TRANSACTION_CODES: Readonly<Record<string, string>> = {
  txNoAccount: 'tx_no_source_account',
  txBadMinSeqAgeOrGap: 'tx_bad_minseq_age_or_gap',
};

function transactionCode(type: string): string {
  return TRANSACTION_CODES[type] ?? snake(type);
}

/** Among them Horizon's own slips, which clients compare with. */
const OPERATION_CODES: Readonly<Record<string, string>> = {
  opNoAccount: 'op_no_source_account',
  createAccountAlreadyExist: 'op_already_exists',
  pathPaymentStrictReceiveOfferCrossSelf: 'op_cross_self',
  pathPaymentStrictReceiveOverSendmax: 'op_over_source_max',
  pathPaymentStrictSendOfferCrossSelf: 'op_cross_self',
  pathPaymentStrictSendUnderDestmin: 'op_under_dest_min',
  manageSellOfferSellNotAuthorized: 'sell_not_authorized',
  manageSellOfferBuyNotAuthorized: 'buy_not_authorized',
  manageSellOfferBuyNoIssuer: 'buy_no_issuer',
  manageSellOfferNotFound: 'op_offer_not_found',
  manageBuyOfferSellNotAuthorized: 'sell_not_authorized',
  manageBuyOfferBuyNotAuthorized: 'buy_not_authorized',
  manageBuyOfferBuyNoIssuer: 'buy_no_issuer',
  manageBuyOfferNotFound: 'op_offer_not_found',
  changeTrustNotAuthMaintainLiabilities: 'op_not_aut_maintain_liabilities',
  allowTrustNoTrustLine: 'op_no_trust',
  allowTrustTrustNotRequired: 'op_not_required',
  setTrustLineFlagsNoTrustLine: 'op_no_trust',
  clawbackClaimableBalanceNotIssuer: 'op_no_issuer',
  manageDataNameNotFound: 'op_data_name_not_found',
  manageDataInvalidName: 'op_data_invalid_name',
  accountMergeSeqnumTooFar: 'op_seq_num_too_far',
  invokeHostFunctionTrapped: 'function_trapped',
  invokeHostFunctionResourceLimitExceeded: 'resource_limit_exceeded',
  invokeHostFunctionEntryArchived: 'entry_archived',
  invokeHostFunctionInsufficientRefundableFee: 'insufficient_refundable_fee',
  extendFootprintTtlResourceLimitExceeded: 'resource_limit_exceeded',
  extendFootprintTtlInsufficientRefundableFee: 'insufficient_refundable_fee',
  restoreFootprintResourceLimitExceeded: 'resource_limit_exceeded',
  restoreFootprintInsufficientRefundableFee: 'insufficient_refundable_fee',
};

function operationCode(result: xdr.OperationResult): string {
  if (result.type !== 'opInner') return OPERATION_CODES[result.type] ?? snake(result.type);
  const code: string = result.tr.value.type;
  if (code.endsWith('Success')) return 'op_success';
  // The code begins with the operation's own name: what follows is Horizon's code.
  return OPERATION_CODES[code] ?? `op${snake(code.slice(result.tr.type.length))}`;
}

function snake(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
