/** Ledger headers: a chain of hashes over every transaction, result and changed entry since genesis. */
import { hash, xdr } from '@stellar/stellar-sdk';
import { BASE_FEE_STROOPS, BASE_RESERVE_STROOPS } from './balances.ts';
import type { Network } from './network.ts';
import type { StagedChange } from './stage.ts';
import type { Upgrade } from './upgrades.ts';

/** 100 billion coins, all with the root account at genesis. */
export const TOTAL_COINS_STROOPS = 1_000_000_000_000_000_000n;

export type ClosedHeader = {
  /** Decoded each time: a week of idle ledgers is kept in memory, and most are never looked at. */
  readonly header: xdr.LedgerHeader;
  /** sha256 of the header. */
  readonly hash: Uint8Array;
};

/** Out of the XDR of a LedgerHeader. */
export function closedHeader(bytes: Uint8Array): ClosedHeader {
  return new KeptHeader(bytes);
}

class KeptHeader implements ClosedHeader {
  readonly hash: Uint8Array;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.hash = hash(bytes);
  }

  get header(): xdr.LedgerHeader {
    return xdr.LedgerHeader.fromXdr(this.#bytes);
  }
}

const NO_HASH = new Uint8Array(32);

export function genesisHeader(network: Network, protocolVersion: number, closeTimeS: number): ClosedHeader {
  return sealed({
    protocolVersion,
    previousHash: network.seed,
    stateHash: NO_HASH,
    txSetHash: NO_HASH,
    upgrades: [],
    resultsHash: NO_HASH,
    sequence: 1,
    closeTimeS,
    feePool: 0n,
  });
}

export type NextHeader = {
  previous: ClosedHeader;
  txSet: xdr.GeneralizedTransactionSet;
  results: xdr.TransactionResultPair[];
  changes: readonly StagedChange[];
  upgrades: readonly Upgrade[];
  closeTimeS: number;
  /** Fees taken in this ledger, refunds deducted. */
  feesStroops: bigint;
};

export function nextHeader(next: NextHeader): ClosedHeader {
  const { header, hash: previousHash } = next.previous;
  return sealed({
    protocolVersion: header.ledgerVersion,
    previousHash,
    stateHash: chainedStateHash(header.bucketListHash.value, next.changes),
    txSetHash: hash(next.txSet.toXdr()),
    upgrades: next.upgrades.map(({ upgrade }) => new xdr.UpgradeType(upgrade.toXdr())),
    resultsHash: hash(new xdr.TransactionResultSet({ results: next.results }).toXdr()),
    sequence: header.ledgerSeq + 1,
    closeTimeS: next.closeTimeS,
    feePool: header.feePool + next.feesStroops,
  });
}

/** Stands where a validator has the hash of all entries: a chain over the changes commits to the same state. */
function chainedStateHash(previous: Uint8Array, changes: readonly StagedChange[]): Uint8Array {
  const parts: Uint8Array[] = [previous];
  for (const { key, after } of changes) {
    const end = Buffer.alloc(4);
    end.writeUInt32BE(after?.liveUntil ?? 0);
    parts.push(Buffer.from(key, 'hex'), after?.entry ?? new Uint8Array(), end);
  }
  return hash(Buffer.concat(parts));
}

type HeaderFields = {
  protocolVersion: number;
  previousHash: Uint8Array;
  stateHash: Uint8Array;
  txSetHash: Uint8Array;
  upgrades: xdr.UpgradeType[];
  resultsHash: Uint8Array;
  sequence: number;
  closeTimeS: number;
  feePool: bigint;
};

function sealed(fields: HeaderFields): ClosedHeader {
  const header = new xdr.LedgerHeader({
    ledgerVersion: fields.protocolVersion,
    previousLedgerHash: new xdr.Hash(fields.previousHash),
    scpValue: new xdr.StellarValue({
      txSetHash: new xdr.Hash(fields.txSetHash),
      closeTime: BigInt(fields.closeTimeS),
      upgrades: fields.upgrades,
      ext: xdr.StellarValueExt.stellarValueBasic(),
    }),
    txSetResultHash: new xdr.Hash(fields.resultsHash),
    bucketListHash: new xdr.Hash(fields.stateHash),
    ledgerSeq: fields.sequence,
    totalCoins: TOTAL_COINS_STROOPS,
    feePool: fields.feePool,
    inflationSeq: 0,
    idPool: 0n,
    baseFee: Number(BASE_FEE_STROOPS),
    baseReserve: Number(BASE_RESERVE_STROOPS),
    maxTxSetSize: 1_000,
    skipList: [NO_HASH, NO_HASH, NO_HASH, NO_HASH].map((bytes) => new xdr.Hash(bytes)),
    ext: xdr.LedgerHeaderExt.v0(),
  });
  return closedHeader(header.toXdr());
}
