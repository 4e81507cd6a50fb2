import { Transaction, xdr } from '@stellar/stellar-sdk/base';
import type { Units } from '../money.ts';
import { contractCall } from './account-transactions.ts';
import { addressValue, i128Value } from './contract-values.ts';
import {
  invocationOf,
  type OperatorAuthorisation,
  operatorEntry,
  readOperatorEntry,
} from './operator-authorisation.ts';
import { unsignedTransaction, withAuth } from './transactions.ts';

/** What an exit does: `withdraw_now(account, to, amount)` on one vault, and nothing else. */
export type ExitTerms = { vault: string; account: string; to: string; amount: Units };

/** The parts of an exit's envelope that are free; everything else follows from the terms. */
export type ExitEnvelope = {
  sequence: bigint;
  /** All that the account can be made to pay for it, stroops. */
  feeStroops: number;
  maxTimeS: number;
  sorobanData: xdr.SorobanTransactionData;
  operator: OperatorAuthorisation;
};

export type ReadExit = { ok: true; exit: ExitEnvelope; hash: string } | { ok: false; fault: string };

export function exitOperation({ vault, account, to, amount }: ExitTerms): xdr.Operation {
  return contractCall(vault, 'withdraw_now', [addressValue(account), addressValue(to), i128Value(amount)]);
}

/** The envelope as the account has to sign it: it is the source, pays the fee, and so authorises its own part. */
export function buildExit(terms: ExitTerms, exit: ExitEnvelope, passphrase: string): string {
  const invocation = exitInvocation(terms);
  const auth = [
    new xdr.SorobanAuthorizationEntry({
      credentials: xdr.SorobanCredentials.sorobanCredentialsSourceAccount(),
      rootInvocation: invocation,
    }),
    operatorEntry(invocation, exit.operator),
  ];
  return unsignedTransaction({
    operation: withAuth(
      exitOperation(terms),
      auth.map((entry) => entry.toXdr('base64')),
    ),
    source: terms.account,
    sequence: exit.sequence,
    inclusionFeeStroops: exit.feeStroops - Number(exit.sorobanData.resourceFee),
    sorobanData: exit.sorobanData,
    maxTimeS: exit.maxTimeS,
    passphrase,
  });
}

/**
 * Reads an envelope that is to be signed, whoever made it. It is taken apart into its few free parts and built again from
 * the terms and those: only when the bytes are the same does it do exactly what the terms say.
 */
export function readExit(envelopeXdr: string, terms: ExitTerms, passphrase: string): ReadExit {
  let exit: ExitEnvelope | undefined;
  try {
    exit = freeParts(envelopeXdr);
    if (!exit || buildExit(terms, exit, passphrase) !== envelopeXdr) exit = undefined;
  } catch {
    exit = undefined;
  }
  if (!exit) return { ok: false, fault: 'the envelope is something else than this withdrawal and nothing more' };
  const hash = Buffer.from(new Transaction(envelopeXdr, passphrase).hash()).toString('hex');
  return { ok: true, exit, hash };
}

export function isSigned({ operator }: ExitEnvelope): boolean {
  return operator.signature.type !== 'scvVoid';
}

function freeParts(envelopeXdr: string): ExitEnvelope | undefined {
  const envelope = xdr.TransactionEnvelope.fromXdr(envelopeXdr, 'base64');
  if (envelope.type !== 'envelopeTypeTx') return undefined;
  const { fee, seqNum, cond, ext, operations } = envelope.v1.tx;
  const [operation] = operations;
  if (cond.type !== 'precondTime' || ext.type !== 'sorobanData' || !operation) return undefined;
  if (operation.body.type !== 'invokeHostFunction') return undefined;
  const operator = operation.body.invokeHostFunctionOp.auth.map(readOperatorEntry).find((entry) => entry !== undefined);
  if (!operator) return undefined;
  const maxTimeS = Number(cond.timeBounds.maxTime);
  return { sequence: seqNum, feeStroops: fee, maxTimeS, sorobanData: ext.sorobanData, operator };
}

export function exitInvocation(terms: ExitTerms): xdr.SorobanAuthorizedInvocation {
  return invocationOf(exitOperation(terms));
}
