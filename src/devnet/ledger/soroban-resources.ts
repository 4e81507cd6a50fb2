/** What a Soroban transaction declares that it uses, and what that costs. */
import { xdr } from '@stellar/stellar-sdk';
import type { ResourceFee } from '../host-answers.ts';
import type { SorobanHost } from '../soroban-host.ts';
import { isSorobanBody, type SignedTransaction } from './envelope.ts';

/** Positions in the read-write footprint of entries the transaction brings back. */
export function archivedPositions(data: xdr.SorobanTransactionData): readonly number[] {
  return data.ext.type === 'resourceExt' ? data.ext.resourceExt.archivedSorobanEntries : [];
}

/** Whether an entry was archived before this ledger: persistent, still there, and its last ledger has passed. */
export function isArchived(key: xdr.LedgerKey, stored: { liveUntil: number } | undefined, ledger: number): boolean {
  return stored !== undefined && isPersistent(key) && stored.liveUntil < ledger;
}

export function isSorobanKey(key: xdr.LedgerKey): boolean {
  return key.type === 'contractData' || key.type === 'contractCode';
}

export function isPersistent(key: xdr.LedgerKey): boolean {
  if (key.type === 'contractCode') return true;
  return key.type === 'contractData' && key.contractData.durability.equals(xdr.ContractDataDurability.persistent);
}

/** Live contract entries are read from memory; everything else in the footprint, and all that is restored, from disk. */
export function diskReadEntries({ tx, sorobanData }: SignedTransaction): number {
  if (!sorobanData) return 0;
  const { readOnly, readWrite } = sorobanData.resources.footprint;
  if (tx.operations[0]?.body.type === 'restoreFootprint') return readWrite.length;
  const classic = [...readOnly, ...readWrite].filter((key) => !isSorobanKey(key)).length;
  return classic + archivedPositions(sorobanData).length;
}

/** Bytes that resource fees are charged for: the transaction's own envelope, not the fee bump around it. */
export function signedBytes(signed: SignedTransaction): number {
  return signed.feeBump?.innerBytes ?? signed.envelope.length;
}

/** What the declared resources cost with so many bytes of events and return value. */
export function declaredFee(host: SorobanHost, signed: SignedTransaction, eventsBytes: number): ResourceFee {
  const data = signed.sorobanData;
  const body = signed.tx.operations[0]?.body;
  if (!data || !body || !isSorobanBody(body)) throw new Error('only Soroban transactions have resource fees');
  return host.resourceFee({
    instructions: data.resources.instructions,
    diskReadEntries: diskReadEntries(signed),
    writeEntries: data.resources.footprint.readWrite.length,
    diskReadBytes: data.resources.diskReadBytes,
    writeBytes: data.resources.writeBytes,
    eventsBytes,
    transactionBytes: signedBytes(signed),
  });
}
