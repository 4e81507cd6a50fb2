import { authorizeEntry, inspectAuthEntry, Keypair, SorobanDataBuilder, xdr } from '@stellar/stellar-sdk/base';
import type { Clock } from '../clock.ts';
import { inclusionBid } from './inclusion-bid.ts';
import { isTransportFailure } from './json-rpc.ts';
import type { Rpc } from './rpc.ts';
import type { TransactionAnswer } from './rpc-answers.ts';
import {
  envelopeLifeS,
  publicKeyOf,
  resultName,
  type SignedTransaction,
  signTransaction,
  unsignedEnvelope,
  withAuth,
} from './transactions.ts';
import { vaultErrorName } from './vault-errors.ts';
import { accountKey, keyText } from './vault-keys.ts';

/** One-off transactions: build, sign, send, and stay until the network's word is final. */
export type Submitter = {
  /**
   * Runs one operation with `secret`'s account as source; further secrets sign for the addresses that must also agree.
   * Settles only when the outcome is final, or throws (transport trouble, abort): then the outcome is open until
   * `envelopeLifeS` has passed on chain.
   */
  submit(request: SubmitRequest, signal?: AbortSignal): Promise<SubmitOutcome>;
  /** Stays with an envelope that was signed before, perhaps by an earlier process: the same bytes, to the same end. */
  follow(transaction: SignedTransaction, signal?: AbortSignal): Promise<FollowOutcome>;
};

/** What a person wants to know before anything is sent. */
export type Rehearser = {
  /** Asks the network whether the operation would work now. */
  rehearse(request: Omit<SubmitRequest, 'onSigned'>, signal?: AbortSignal): Promise<Rehearsal>;
};

export type Rehearsal = { status: 'ready' } | Extract<SubmitOutcome, { status: 'refused' }>;

/** What can become of an envelope that is signed. */
export type FollowOutcome = Exclude<SubmitOutcome, { status: 'refused' }>;

export type SubmitRequest = {
  operation: xdr.Operation;
  secret: string;
  /** Signers of authorisations that the source does not give. */
  coSignerSecrets?: string[];
  /** What an operation touches that says so by its footprint alone: extend and restore. */
  footprint?: { readOnly: xdr.LedgerKey[]; readWrite: xdr.LedgerKey[] };
  /** Refused when the network asks for more than this for rent and work. */
  resourceFeeMaxStroops?: bigint;
  /** Called with the signed envelope; it is sent the first time when this has resolved. */
  onSigned?: (transaction: SignedTransaction) => Promise<void> | void;
};

export type SubmitOutcome =
  | { status: 'landed'; hash: string; ledger: number; closedAtS: number; contractEventsXdr: string[][] | undefined }
  /** On chain, without effect; the fee is spent. */
  | { status: 'failed'; hash: string; ledger: number; reason: string }
  /** Never sent: the simulation failed. `reason` is the vault's word where it gave one. */
  | { status: 'refused'; reason: string | undefined; detail: string }
  /** Proven to be unable to land. */
  | { status: 'expired'; hash: string; reason: string };

export type SubmitterDeps = { rpc: Rpc; clock: Clock; feeMaxStroops: number; pollIntervalMs?: number };

export function createSubmitter(deps: SubmitterDeps): Submitter & Rehearser {
  return {
    async submit(request, signal) {
      await deps.rpc.verifyNetwork(signal);
      const prepared = await prepare(deps, request, signal);
      if ('status' in prepared) return prepared;
      await request.onSigned?.(prepared);
      return await follow(deps, prepared, signal);
    },
    async rehearse(request, signal) {
      await deps.rpc.verifyNetwork(signal);
      const prepared = await prepare(deps, request, signal);
      return 'status' in prepared ? prepared : { status: 'ready' };
    },
    async follow(transaction, signal) {
      await deps.rpc.verifyNetwork(signal);
      return await follow(deps, transaction, signal);
    },
  };
}

/** Sequence number of a classic account, or undefined when it does not exist. */
export async function accountSequence(
  rpc: Pick<Rpc, 'entries'>,
  account: string,
  signal?: AbortSignal,
): Promise<bigint | undefined> {
  const { entries } = await rpc.entries([keyText(accountKey(account))], signal);
  const [entry] = entries;
  if (!entry) return undefined;
  const data = xdr.LedgerEntryData.fromXdr(entry.dataXdr, 'base64');
  return data.type === 'account' ? data.account.seqNum : undefined;
}

/**
 * The network ends authorisations by ledger number. At about six seconds a ledger this is nine minutes: no signature of
 * ours lives longer than ten, and an envelope's 90 seconds fit in even at one ledger a second.
 */
export const authorisationLedgers = 90;

async function prepare(
  deps: SubmitterDeps,
  request: SubmitRequest,
  signal?: AbortSignal,
): Promise<SignedTransaction | Extract<SubmitOutcome, { status: 'refused' }>> {
  const { rpc, feeMaxStroops } = deps;
  const source = publicKeyOf(request.secret);
  const [sequence, others, latest] = await Promise.all([
    accountSequence(rpc, source, signal),
    rpc.inclusionFeeStroops(signal),
    rpc.latestLedger(signal),
  ]);
  if (sequence === undefined) {
    return { status: 'refused', reason: 'no_account', detail: `account ${source} does not exist` };
  }
  let operation = request.operation;
  let sorobanData: xdr.SorobanTransactionData | undefined;
  if (operation.body.type === 'invokeHostFunction') {
    const recorded = await rpc.simulate(unsignedEnvelope(operation, source, rpc.passphrase), signal);
    if (!recorded.ok) return refusal(recorded.error);
    const signed = await signAuthorisations(
      recorded.authXdr,
      request.coSignerSecrets ?? [],
      rpc.passphrase,
      latest.ledger,
    );
    operation = withAuth(operation, signed.authXdr);
    // Signatures cost instructions that a recording simulation does not see.
    const final =
      signed.count > 0 ? await rpc.simulate(unsignedEnvelope(operation, source, rpc.passphrase), signal) : recorded;
    if (!final.ok) return refusal(final.error);
    sorobanData = withMargin(final.transactionDataXdr, final.minResourceFee);
  } else if (request.footprint) {
    const { readOnly, readWrite } = request.footprint;
    const declared = new SorobanDataBuilder().setFootprint(readOnly, readWrite).build();
    const priced = await rpc.simulate(unsignedEnvelope(operation, source, rpc.passphrase, declared), signal);
    if (!priced.ok) return refusal(priced.error);
    sorobanData = withMargin(priced.transactionDataXdr, priced.minResourceFee);
  }
  const { resourceFeeMaxStroops: feeMax } = request;
  if (feeMax !== undefined && sorobanData && sorobanData.resourceFee > feeMax) {
    const detail = `it would cost ${sorobanData.resourceFee} stroops, and ${feeMax} is the most it may`;
    return { status: 'refused', reason: 'fee_too_high', detail };
  }
  return signTransaction(
    {
      operation,
      source,
      sequence: sequence + 1n,
      inclusionFeeStroops: inclusionBid(others, { feeMaxStroops }),
      sorobanData,
      maxTimeS: latest.closedAtS + envelopeLifeS,
      passphrase: rpc.passphrase,
    },
    [request.secret],
  );
}

function refusal(error: string): Extract<SubmitOutcome, { status: 'refused' }> {
  return { status: 'refused', reason: vaultErrorName(error), detail: error };
}

/** For a person's own command: signs the authorisations that are asked of these keys; the others stay as they are. */
async function signAuthorisations(
  authXdr: string[],
  secrets: readonly string[],
  passphrase: string,
  latestLedger: number,
): Promise<{ authXdr: string[]; count: number }> {
  const signers = secrets.map((secret) => Keypair.fromSecret(secret));
  let count = 0;
  const signed: string[] = [];
  for (const text of authXdr) {
    const entry = xdr.SorobanAuthorizationEntry.fromXdr(text, 'base64');
    const [wanted] = inspectAuthEntry(entry).signers;
    const signer = wanted && signers.find((keypair) => keypair.publicKey() === wanted.address);
    if (!signer) {
      signed.push(text);
      continue;
    }
    const done = await authorizeEntry(entry, signer, latestLedger + authorisationLedgers, passphrase);
    signed.push(done.toXdr('base64'));
    count++;
  }
  return { authXdr: signed, count };
}

/** The state moves between simulation and apply: a fifth more of everything, and a third more for what comes back anyway. */
export function withMargin(
  transactionDataXdr: string,
  minResourceFee: bigint,
  more: { instructions: number; feeStroops: bigint } = { instructions: 0, feeStroops: 0n },
): xdr.SorobanTransactionData {
  const data = xdr.SorobanTransactionData.fromXdr(transactionDataXdr, 'base64');
  const { instructions, diskReadBytes, writeBytes } = data.resources;
  return new SorobanDataBuilder(data)
    .setResources(
      Math.ceil(instructions * 1.2) + more.instructions,
      Math.ceil(diskReadBytes * 1.2),
      Math.ceil(writeBytes * 1.2),
    )
    .setResourceFee((minResourceFee * 4n) / 3n + more.feeStroops)
    .build();
}

async function follow(
  deps: SubmitterDeps,
  transaction: SignedTransaction,
  signal?: AbortSignal,
): Promise<FollowOutcome> {
  const { rpc, clock } = deps;
  let refused = '';
  let tooLateLooks = 0;
  for (let round = 0; ; round++) {
    const answer = await lookUp(deps, transaction.hash, signal);
    const outcome = answer && finalOutcome(transaction, answer, refused);
    // A server may know the newest ledger a moment before it knows what is in it: absence counts when seen twice.
    if (outcome && (outcome.status !== 'expired' || ++tooLateLooks > 1)) return outcome;
    // The same bytes again: a copy of an envelope that is known already changes nothing.
    if (round % 4 === 0) refused = (await send(rpc, transaction, signal)) ?? refused;
    await clock.sleep(deps.pollIntervalMs ?? 1_000, signal);
    signal?.throwIfAborted();
  }
}

/** Undefined when the server cannot be reached: not an answer, so the question is asked again. */
async function lookUp(deps: SubmitterDeps, hash: string, signal?: AbortSignal): Promise<TransactionAnswer | undefined> {
  try {
    return await deps.rpc.transaction(hash, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (isTransportFailure(error)) return undefined;
    throw error;
  }
}

/** The network's objection, or undefined. A lost answer is no objection. */
async function send(rpc: Rpc, transaction: SignedTransaction, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const answer = await rpc.send(transaction.envelopeXdr, signal);
    return answer.status === 'ERROR' ? resultName(answer.errorResultXdr) : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (isTransportFailure(error)) return undefined;
    throw error;
  }
}

function finalOutcome(
  transaction: SignedTransaction,
  answer: TransactionAnswer,
  refused: string,
): FollowOutcome | undefined {
  const { hash } = transaction;
  switch (answer.status) {
    case 'SUCCESS': {
      const { ledger, closedAtS, contractEventsXdr } = answer;
      return { status: 'landed', hash, ledger, closedAtS, contractEventsXdr };
    }
    case 'FAILED':
      return { status: 'failed', hash, ledger: answer.ledger, reason: resultName(answer.resultXdr) };
    case 'NOT_FOUND':
      if (answer.latestClosedAtS <= transaction.maxTimeS) return undefined;
      return { status: 'expired', hash, reason: refused || 'not included in time' };
  }
}
