/**
 * What is kept of a transaction that was in a ledger. There may be hundreds of thousands, most never looked at again: its
 * XDR lies in one piece of memory, and is decoded when somebody asks.
 */
import { xdr } from '@stellar/stellar-sdk';
import type { Decoded } from './decoded.ts';
import { isSoroban, type SignedTransaction } from './envelope.ts';
import { bidPerOperation } from './fees.ts';

export type TransactionRecord = {
  /** Of the fee bump where there is one. Hex. */
  readonly hash: string;
  /** Of the transaction inside a fee bump. */
  readonly innerHash: string | undefined;
  readonly ledger: number;
  readonly closeTimeS: number;
  /** Position in the ledger, from 1. */
  readonly order: number;
  readonly successful: boolean;
  readonly soroban: boolean;
  readonly feeChargedStroops: bigint;
  /** What it bid for the inclusion of each operation, stroops. */
  readonly bidStroops: bigint;
  readonly signed: SignedTransaction;
  /** TransactionEnvelope. */
  readonly envelope: Uint8Array;
  /** TransactionResult. */
  readonly result: Uint8Array;
  /** TransactionMeta. */
  readonly meta: Uint8Array;
  readonly feeChanges: xdr.LedgerEntryChange[];
  readonly refundChanges: xdr.LedgerEntryChange[];
};

export type RecordFields = Pick<
  TransactionRecord,
  | 'hash'
  | 'innerHash'
  | 'ledger'
  | 'closeTimeS'
  | 'order'
  | 'successful'
  | 'soroban'
  | 'feeChargedStroops'
  | 'bidStroops'
>;

/** XDR; the changes are arrays of LedgerEntryChange. */
export type RecordParts = {
  envelope: Uint8Array;
  result: Uint8Array;
  meta: Uint8Array;
  feeChanges: Uint8Array;
  refundChanges: Uint8Array;
};

export function transactionRecord(
  fields: RecordFields,
  parts: RecordParts,
  decoded: Pick<Decoded, 'envelope'>,
): TransactionRecord {
  return new PackedRecord(fields, parts, decoded);
}

/** What the decoded transaction says of itself. */
export function signedFields(signed: SignedTransaction) {
  return {
    hash: signed.hash,
    innerHash: signed.feeBump?.innerHash,
    soroban: isSoroban(signed),
    bidStroops: bidPerOperation(signed),
  };
}

export function changesToXdr(changes: xdr.LedgerEntryChange[]): Uint8Array {
  return xdr.encodeArray(xdr.LedgerEntryChange, changes);
}

class PackedRecord implements TransactionRecord {
  readonly hash: string;
  readonly innerHash: string | undefined;
  readonly ledger: number;
  readonly closeTimeS: number;
  readonly order: number;
  readonly successful: boolean;
  readonly soroban: boolean;
  readonly feeChargedStroops: bigint;
  readonly bidStroops: bigint;
  readonly #bytes: Uint8Array;
  /** Where the second and each later part begins. */
  readonly #starts: readonly [result: number, meta: number, feeChanges: number, refundChanges: number];
  readonly #decoded: Pick<Decoded, 'envelope'>;

  constructor(fields: RecordFields, parts: RecordParts, decoded: Pick<Decoded, 'envelope'>) {
    this.hash = fields.hash;
    this.innerHash = fields.innerHash;
    this.ledger = fields.ledger;
    this.closeTimeS = fields.closeTimeS;
    this.order = fields.order;
    this.successful = fields.successful;
    this.soroban = fields.soroban;
    this.feeChargedStroops = fields.feeChargedStroops;
    this.bidStroops = fields.bidStroops;
    const { envelope, result, meta, feeChanges, refundChanges } = parts;
    const resultAt = envelope.length;
    const metaAt = resultAt + result.length;
    const feeChangesAt = metaAt + meta.length;
    const refundChangesAt = feeChangesAt + feeChanges.length;
    this.#starts = [resultAt, metaAt, feeChangesAt, refundChangesAt];
    this.#bytes = new Uint8Array(refundChangesAt + refundChanges.length);
    this.#bytes.set(envelope);
    this.#bytes.set(result, resultAt);
    this.#bytes.set(meta, metaAt);
    this.#bytes.set(feeChanges, feeChangesAt);
    this.#bytes.set(refundChanges, refundChangesAt);
    this.#decoded = decoded;
  }

  get signed(): SignedTransaction {
    return this.#decoded.envelope(this.hash, this.envelope);
  }

  get envelope(): Uint8Array {
    return this.#bytes.subarray(0, this.#starts[0]);
  }

  get result(): Uint8Array {
    return this.#bytes.subarray(this.#starts[0], this.#starts[1]);
  }

  get meta(): Uint8Array {
    return this.#bytes.subarray(this.#starts[1], this.#starts[2]);
  }

  get feeChanges(): xdr.LedgerEntryChange[] {
    return decodedChanges(this.#bytes.subarray(this.#starts[2], this.#starts[3]));
  }

  get refundChanges(): xdr.LedgerEntryChange[] {
    return decodedChanges(this.#bytes.subarray(this.#starts[3]));
  }
}

function decodedChanges(bytes: Uint8Array): xdr.LedgerEntryChange[] {
  return xdr.decodeArray(xdr.LedgerEntryChange, bytes);
}
