import { Account, Keypair, Operation, TransactionBuilder, xdr } from '@stellar/stellar-sdk/base';

/** A signed envelope with all one must keep to find out later what became of it. */
export type SignedTransaction = {
  /** Hex; of the outer transaction where another account pays the fee. */
  hash: string;
  innerHash?: string | undefined;
  envelopeXdr: string;
  sequence: bigint;
  /** It can land in a ledger that closes at or before this time, s since 1970, and in no later one. */
  maxTimeS: number;
};

export type TransactionPlan = {
  operation: xdr.Operation;
  source: string;
  sequence: bigint;
  /** Inclusion fee; the resource fee comes on top. */
  inclusionFeeStroops: number;
  sorobanData: xdr.SorobanTransactionData | undefined;
  maxTimeS: number;
  passphrase: string;
};

/** The network's lowest inclusion fee, stroops. */
export const networkFeeMinStroops = 100;

/** The longest life of an envelope, s: long enough for a busy network, short enough to rebuild soon. */
export const envelopeLifeS = 90;

export function signTransaction(plan: TransactionPlan, secrets: string[]): SignedTransaction {
  const transaction = build(plan);
  transaction.sign(...secrets.map((secret) => Keypair.fromSecret(secret)));
  return {
    hash: Buffer.from(transaction.hash()).toString('hex'),
    envelopeXdr: transaction.toXdr(),
    sequence: plan.sequence,
    maxTimeS: plan.maxTimeS,
  };
}

/** The same in an envelope for which another account pays: it bids as much for each of the two operations it counts as. */
export function signFeeBump(plan: TransactionPlan, secrets: string[], payerSecret: string): SignedTransaction {
  const inner = build({ ...plan, inclusionFeeStroops: networkFeeMinStroops });
  inner.sign(...secrets.map((secret) => Keypair.fromSecret(secret)));
  const payer = Keypair.fromSecret(payerSecret);
  const outer = TransactionBuilder.buildFeeBumpTransaction(
    payer,
    String(plan.inclusionFeeStroops),
    inner,
    plan.passphrase,
  );
  outer.sign(payer);
  return {
    hash: Buffer.from(outer.hash()).toString('hex'),
    innerHash: Buffer.from(inner.hash()).toString('hex'),
    envelopeXdr: outer.toXdr(),
    sequence: plan.sequence,
    maxTimeS: plan.maxTimeS,
  };
}

/** The envelope of a plan before anyone has signed it. */
export function unsignedTransaction(plan: TransactionPlan): string {
  return build(plan).toXdr();
}

/** An unsigned envelope for simulation: only its operation, its footprint if it has one, and its source matter there. */
export function unsignedEnvelope(
  operation: xdr.Operation,
  source: string,
  passphrase: string,
  sorobanData?: xdr.SorobanTransactionData,
): string {
  return build({
    operation,
    source,
    sequence: 1n,
    inclusionFeeStroops: 100,
    sorobanData,
    maxTimeS: 0,
    passphrase,
  }).toXdr();
}

/** No memo: the network refuses one on contract calls. */
function build(plan: TransactionPlan) {
  const builder = new TransactionBuilder(new Account(plan.source, String(plan.sequence - 1n)), {
    fee: String(plan.inclusionFeeStroops),
    networkPassphrase: plan.passphrase,
    timebounds: { minTime: 0, maxTime: plan.maxTimeS },
  }).addOperation(plan.operation);
  if (plan.sorobanData) builder.setSorobanData(plan.sorobanData);
  return builder.build();
}

export function publicKeyOf(secret: string): string {
  return Keypair.fromSecret(secret).publicKey();
}

/** What a result says in one word such as `txBadSeq`; `unreadable` for a form of a newer protocol. */
export function resultName(resultXdr: string | undefined): string {
  if (!resultXdr) return 'unknown';
  try {
    return innerResult(resultXdr).type;
  } catch {
    return 'unreadable';
  }
}

/** Of a fee bump, what became of the transaction inside. */
function innerResult(resultXdr: string): xdr.TransactionResultResult | xdr.InnerTransactionResultResult {
  const { result } = xdr.TransactionResult.fromXdr(resultXdr, 'base64');
  switch (result.type) {
    case 'txFeeBumpInnerSuccess':
    case 'txFeeBumpInnerFailed':
      return result.innerResultPair.result.result;
    default:
      return result;
  }
}

/** What a transaction has cost, stroops, after what came back; undefined where a server does not say or the form is newer. */
export function feeChargedStroops(resultXdr: string | undefined): number | undefined {
  if (!resultXdr) return undefined;
  try {
    return Number(xdr.TransactionResult.fromXdr(resultXdr, 'base64').feeCharged);
  } catch {
    return undefined;
  }
}

/** Whether a contract call failed on chain because it used more than it had declared. */
export function ranOut(resultXdr: string | undefined): boolean {
  if (!resultXdr) return false;
  try {
    const result = innerResult(resultXdr);
    const [operation] = result.type === 'txFailed' ? result.results : [];
    const inner = operation?.type === 'opInner' ? operation.tr : undefined;
    return (
      inner?.type === 'invokeHostFunction' &&
      inner.invokeHostFunctionResult.type === 'invokeHostFunctionResourceLimitExceeded'
    );
  } catch {
    return false;
  }
}

/** The operation with the authorisations that the simulation found it needs; the source's own needs no signature. */
export function withAuth(operation: xdr.Operation, authXdr: string[]): xdr.Operation {
  if (operation.body.type !== 'invokeHostFunction') return operation;
  return Operation.invokeHostFunction({
    func: operation.body.invokeHostFunctionOp.hostFunction,
    auth: authXdr.map((entry) => xdr.SorobanAuthorizationEntry.fromXdr(entry, 'base64')),
  });
}
