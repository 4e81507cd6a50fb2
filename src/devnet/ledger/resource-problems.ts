/**
 * What a Soroban transaction declares, checked before it is let in: the host does not know the network's limits on
 * footprints, entries, bytes and envelopes. Codes, numbers and the order of the checks are those of validators.
 */
import { xdr } from '@stellar/stellar-sdk';
import type { NetworkLimits } from '../network-profiles.ts';
import { isValidAsset } from '../operations/assets.ts';
import { diagnosticError } from './diagnostics.ts';
import { type KeyText, keyText } from './entries.ts';
import type { SignedTransaction } from './envelope.ts';
import { archivedPositions, diskReadEntries, isPersistent, signedBytes } from './soroban-resources.ts';

const { scecExceededLimit, scecInvalidInput, scecUnexpectedType } = xdr.ScErrorCode;

/** Says what is wrong with the declared resources, or nothing when they are in order. */
export function resourceProblem(
  signed: SignedTransaction,
  data: xdr.SorobanTransactionData,
  limits: NetworkLimits,
): xdr.DiagnosticEvent | undefined {
  const { instructions, diskReadBytes, writeBytes, footprint } = data.resources;
  const keys = [...footprint.readOnly, ...footprint.readWrite];
  return (
    tooMuch('sceBudget', 'instructions', instructions, limits.txInstructions) ??
    tooMuch('sceStorage', 'diskReadBytes', diskReadBytes, limits.txDiskReadBytes) ??
    tooMuch('sceStorage', 'writeBytes', writeBytes, limits.txWriteBytes) ??
    tooMuch('sceStorage', 'footprint entries', keys.length, limits.txFootprintEntries) ??
    tooMuch('sceStorage', 'disk read entries', diskReadEntries(signed), limits.txDiskReadEntries) ??
    tooMuch('sceStorage', 'read-write footprint entries', footprint.readWrite.length, limits.txWriteEntries) ??
    first(keys, (key) => keyProblem(key, limits)) ??
    tooMuch('sceBudget', 'transaction bytes', signedBytes(signed), limits.txBytes) ??
    archivedProblem(data)
  );
}

/** Looked for after the fee was found to be enough. */
export function duplicateProblem({ resources }: xdr.SorobanTransactionData): xdr.DiagnosticEvent | undefined {
  const seen = new Set<KeyText>();
  for (const key of [...resources.footprint.readOnly, ...resources.footprint.readWrite]) {
    const text = keyText(key);
    if (seen.has(text)) return diagnosticError('sceStorage', scecInvalidInput, 'a key is in the footprint twice');
    seen.add(text);
  }
  return undefined;
}

function tooMuch(part: 'sceBudget' | 'sceStorage', what: string, declared: number, limit: number) {
  if (declared <= limit) return undefined;
  return diagnosticError(part, scecExceededLimit, `declared ${what} exceed the network limit`, [declared, limit]);
}

function first<Item>(items: readonly Item[], problemOf: (item: Item) => xdr.DiagnosticEvent | undefined) {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem) return problem;
  }
  return undefined;
}

function keyProblem(key: xdr.LedgerKey, { keyBytes }: NetworkLimits): xdr.DiagnosticEvent | undefined {
  switch (key.type) {
    case 'account':
    case 'contractData':
    case 'contractCode':
      break;
    case 'trustline':
      if (isLineOfAsset(key.trustLine)) break;
      return diagnosticError('sceStorage', scecInvalidInput, 'a trustline in the footprint is of no valid asset');
    default: {
      const type = xdr.LedgerEntryType[key.type].value;
      return diagnosticError('sceStorage', scecUnexpectedType, 'a footprint cannot have keys of this type', [type]);
    }
  }
  const bytes = key.toXdr().length;
  if (bytes <= keyBytes) return undefined;
  return diagnosticError('sceStorage', scecExceededLimit, 'a key in the footprint exceeds the network limit', [
    bytes,
    keyBytes,
  ]);
}

function isLineOfAsset({ accountId, asset }: xdr.LedgerKeyTrustLine): boolean {
  if (asset.type === 'assetTypeNative' || asset.type === 'assetTypePoolShare' || !isValidAsset(asset)) return false;
  return !asset.value.issuer.equals(accountId);
}

function archivedProblem(data: xdr.SorobanTransactionData): xdr.DiagnosticEvent | undefined {
  const { readWrite } = data.resources.footprint;
  const invalid = (text: string, args: readonly number[] = []) =>
    diagnosticError('sceStorage', scecInvalidInput, `archivedSorobanEntries ${text}`, args);
  let last = -1;
  for (const position of archivedPositions(data)) {
    if (position <= last) return invalid('are not in ascending order');
    last = position;
    const key = readWrite[position];
    if (!key) return invalid('name a position beyond the read-write footprint', [position, readWrite.length]);
    if (isPersistent(key)) continue;
    return invalid('name an entry that is not persistent', [position, xdr.LedgerEntryType[key.type].value]);
  }
  return undefined;
}
