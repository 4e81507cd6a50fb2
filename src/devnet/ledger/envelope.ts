/** A transaction as it arrives: decoded, hashed, with the fields that checks and history ask for. */
import { Address, hash, StrKey, xdr } from '@stellar/stellar-sdk';
import type { Network } from './network.ts';
import type { KnownMatches } from './signatures.ts';

export type SignedTransaction = {
  /** The envelope as it was sent; one of version 0 as the version 1 it stands for, as validators pass it on. */
  readonly envelope: Uint8Array;
  /** Hash of what was signed, hex: of the fee bump where there is one. */
  readonly hash: string;
  readonly hashBytes: Uint8Array;
  /** The transaction itself, inside the fee bump where there is one. */
  readonly tx: xdr.Transaction;
  readonly signatures: readonly xdr.DecoratedSignature[];
  readonly source: xdr.PublicKey;
  readonly sorobanData: xdr.SorobanTransactionData | undefined;
  readonly feeBump: FeeBump | undefined;
  readonly knownMatches: KnownMatches;
};

export type FeeBump = {
  readonly feeSource: xdr.PublicKey;
  readonly feeSourceMuxed: xdr.MuxedAccount;
  readonly fee: bigint;
  readonly signatures: readonly xdr.DecoratedSignature[];
  readonly innerHash: string;
  readonly innerHashBytes: Uint8Array;
  /** Bytes of the inner envelope: what resource fees count. */
  readonly innerBytes: number;
};

/** Throws XdrError when the bytes are no transaction envelope. */
export function readEnvelope(envelope: Uint8Array, network: Network): SignedTransaction {
  const decoded = xdr.TransactionEnvelope.fromXdr(envelope);
  if (decoded.type === 'envelopeTypeTxFeeBump') return readFeeBump(envelope, decoded.feeBump, network);
  const isV0 = decoded.type === 'envelopeTypeTxV0';
  const v1 = isV0 ? upgraded(decoded.v0) : decoded.v1;
  const bytes = isV0 ? xdr.TransactionEnvelope.envelopeTypeTx(v1).toXdr() : envelope;
  const { tx, signatures } = v1;
  const hashBytes = transactionHash(tx, network);
  return { envelope: bytes, ...described(tx, signatures), hash: hex(hashBytes), hashBytes, feeBump: undefined };
}

function readFeeBump(envelope: Uint8Array, bump: xdr.FeeBumpTransactionEnvelope, network: Network): SignedTransaction {
  const inner = bump.tx.innerTx.v1;
  const innerHashBytes = transactionHash(inner.tx, network);
  const hashBytes = payloadHash(
    xdr.TransactionSignaturePayloadTaggedTransaction.envelopeTypeTxFeeBump(bump.tx),
    network,
  );
  return {
    envelope,
    ...described(inner.tx, inner.signatures),
    hash: hex(hashBytes),
    hashBytes,
    feeBump: {
      feeSource: accountOf(bump.tx.feeSource),
      feeSourceMuxed: bump.tx.feeSource,
      fee: bump.tx.fee,
      signatures: bump.signatures,
      innerHash: hex(innerHashBytes),
      innerHashBytes,
      innerBytes: xdr.TransactionEnvelope.envelopeTypeTx(inner).toXdr().length,
    },
  };
}

function described(tx: xdr.Transaction, signatures: readonly xdr.DecoratedSignature[]) {
  return {
    tx,
    signatures,
    source: accountOf(tx.sourceAccount),
    sorobanData: tx.ext.type === 'sorobanData' ? tx.ext.sorobanData : undefined,
    knownMatches: new Map<string, boolean>(),
  };
}

/** A V0 envelope is signed as the V1 transaction it stands for. */
function upgraded({ tx, signatures }: xdr.TransactionV0Envelope): xdr.TransactionV1Envelope {
  const v1 = new xdr.Transaction({
    sourceAccount: xdr.MuxedAccount.keyTypeEd25519(tx.sourceAccountEd25519),
    fee: tx.fee,
    seqNum: tx.seqNum,
    cond: tx.timeBounds ? xdr.Preconditions.precondTime(tx.timeBounds) : xdr.Preconditions.precondNone(),
    memo: tx.memo,
    operations: tx.operations,
    ext: xdr.TransactionExt.v0(),
  });
  return new xdr.TransactionV1Envelope({ tx: v1, signatures });
}

function transactionHash(tx: xdr.Transaction, network: Network): Uint8Array {
  return payloadHash(xdr.TransactionSignaturePayloadTaggedTransaction.envelopeTypeTx(tx), network);
}

function payloadHash(
  taggedTransaction: xdr.TransactionSignaturePayloadTaggedTransaction,
  network: Network,
): Uint8Array {
  const payload = new xdr.TransactionSignaturePayload({ networkId: network.id, taggedTransaction });
  return hash(payload.toXdr());
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The account behind an address that may carry a sub-account number. */
export function accountOf(address: xdr.MuxedAccount): xdr.PublicKey {
  const key = address.type === 'keyTypeEd25519' ? address.ed25519 : address.med25519.ed25519;
  return xdr.PublicKey.publicKeyTypeEd25519(key);
}

/** G... text. */
export function accountText(id: xdr.PublicKey): string {
  return StrKey.encodeEd25519PublicKey(id.ed25519.toBytes());
}

/** M... text and number of a sub-account address; undefined for a plain one. */
export function muxedText(address: xdr.MuxedAccount): { text: string; id: string } | undefined {
  if (address.type === 'keyTypeEd25519') return undefined;
  const { med25519 } = address;
  const muxed = new xdr.MuxedEd25519Account({ id: med25519.id, ed25519: med25519.ed25519 });
  const text = Address.fromScAddress(xdr.ScAddress.scAddressTypeMuxedAccount(muxed)).toString();
  return { text, id: med25519.id.toString() };
}

export function accountId(text: string): xdr.PublicKey {
  return xdr.PublicKey.publicKeyTypeEd25519(StrKey.decodeEd25519PublicKey(text));
}

/** The account an operation acts for: its own source, or the transaction's. */
export function operationSource(signed: SignedTransaction, operation: xdr.Operation): xdr.MuxedAccount {
  return operation.sourceAccount ?? signed.tx.sourceAccount;
}

export function isSoroban(signed: SignedTransaction): boolean {
  return signed.tx.operations.some(({ body }) => isSorobanBody(body));
}

export function isSorobanBody(body: xdr.OperationBody): boolean {
  return body.type === 'invokeHostFunction' || body.type === 'extendFootprintTtl' || body.type === 'restoreFootprint';
}
