import { type Asset, type Keypair, Operation, scValToNative, xdr } from '@stellar/stellar-sdk';
import { type BuildOptions, type ChainRig, startChain } from '../chain-rig.ts';
import { usdcOf } from '../rig.ts';

/** A chain with an issuer and two others, and operations told by their result codes. */
export type OperationRig = ChainRig & {
  issuer: Keypair;
  ann: Keypair;
  ben: Keypair;
  usdc: Asset;
  /** Codes of the operations, such as `underfunded`; of a transaction of one operation, its only one. */
  run(source: Keypair, ...operations: xdr.Operation[]): string;
  /** The same, signed by others too. */
  runSigned(signers: Keypair[], ...operations: xdr.Operation[]): string;
  /** Events of the last transaction's operations, such as `clawback G… USDC:G… 5`. */
  events(): unknown[][];
};

export function startOperations(options: { balance?: string } = {}): OperationRig {
  const rig = startChain();
  const balance = options.balance ?? '100';
  const [issuer, ann, ben] = [rig.fund('issuer', balance), rig.fund('ann', balance), rig.fund('ben', balance)];
  function run(source: Keypair, operations: xdr.Operation[], build: BuildOptions = {}): string {
    const { answer, record } = rig.submit(source, operations, build);
    const result = answer.status === 'ERROR' ? answer.result : record && xdr.TransactionResult.fromXdr(record.result);
    return result ? codesOf(result) : answer.status;
  }
  return {
    ...rig,
    issuer,
    ann,
    ben,
    usdc: usdcOf(issuer),
    run: (source, ...operations) => run(source, operations),
    runSigned: (signers, ...operations) => run(signers[0] ?? ann, operations, { signers }),
    events: () => lastEvents(rig),
  };
}

export const pay = (to: Keypair, amount: string, asset: Asset) =>
  Operation.payment({ destination: to.publicKey(), asset, amount });

function codesOf({ result }: xdr.TransactionResult): string {
  if (result.type !== 'txSuccess' && result.type !== 'txFailed') return result.type;
  const codes = result.results.map((one) => {
    if (one.type !== 'opInner') return one.type;
    return one.tr.value.type.slice(one.tr.type.length).replace(/^./, (first: string) => first.toLowerCase());
  });
  return codes.join(' ');
}

function lastEvents(rig: ChainRig): unknown[][] {
  const record = rig.closed.at(-1)?.record.transactions.at(-1);
  const meta = record && xdr.TransactionMeta.fromXdr(record.meta);
  if (meta?.type !== 'v4') return [];
  return meta.v4.operations.flatMap(({ events }) =>
    events.map(({ body }) => [...body.v0.topics.map((topic) => scValToNative(topic)), scValToNative(body.v0.data)]),
  );
}

/** The id under which a result says a claimable balance was made, as hex. */
export function balanceIdOf(rig: ChainRig): string {
  const record = rig.closed.at(-1)?.record.transactions.at(-1);
  const result = record && xdr.TransactionResult.fromXdr(record.result).result;
  if (result?.type !== 'txSuccess') throw new Error('the last transaction failed');
  for (const one of result.results) {
    if (one.type !== 'opInner' || one.tr.type !== 'createClaimableBalance') continue;
    const made = one.tr.createClaimableBalanceResult;
    if (made.type === 'createClaimableBalanceSuccess') return made.balanceId.toXdr('hex');
  }
  throw new Error('the last transaction made no claimable balance');
}
