/**
 * What a Soroban transaction declares, checked before it is let in: the host does not know the network's limits
 * on footprints, entries, bytes and envelopes.
 */
import { xdr } from '@stellar/stellar-sdk';
import type { ResourceFee } from '../host-answers.ts';
import { networkLimits } from '../network-settings.ts';
import type { SorobanHost } from '../soroban-host.ts';
import { type KeyText, keyText } from './entries.ts';
import { isSorobanBody, type SignedTransaction } from './envelope.ts';

/** Far beyond any real fee, so that sums of fees never overflow. */
const RESOURCE_FEE_MAX_STROOPS = 2n ** 50n;

/** Says what is wrong with the declared resources, or nothing when they are in order. */
export function resourceProblem(signed: SignedTransaction, data: xdr.SorobanTransactionData): string | undefined {
  const { resources, resourceFee } = data;
  const { readOnly, readWrite } = resources.footprint;
  const limits = networkLimits;
  const body = signed.tx.operations[0]?.body;
  if (!body) return 'no operation';
  const checks: [boolean, string][] = [
    [resourceFee < 0n || resourceFee > RESOURCE_FEE_MAX_STROOPS, 'resourceFee is out of bounds'],
    [resources.instructions > limits.txInstructions, 'instructions exceed the network limit'],
    [resources.diskReadBytes > limits.txDiskReadBytes, 'diskReadBytes exceed the network limit'],
    [resources.writeBytes > limits.txWriteBytes, 'writeBytes exceed the network limit'],
    [readOnly.length + readWrite.length > limits.txFootprintEntries, 'footprint entries exceed the network limit'],
    [readWrite.length > limits.txWriteEntries, 'read-write footprint exceeds the network limit'],
    [diskReadEntries(body, data) > limits.txDiskReadEntries, 'disk read entries exceed the network limit'],
    [signedBytes(signed) > limits.txBytes, 'the transaction is larger than the network limit'],
  ];
  return (
    checks.find(([failed]) => failed)?.[1] ??
    footprintProblem(data) ??
    archivedProblem(body, data) ??
    uploadProblem(body)
  );
}

function footprintProblem({ resources }: xdr.SorobanTransactionData): string | undefined {
  const { readOnly, readWrite } = resources.footprint;
  const seen = new Set<KeyText>();
  for (const key of [...readOnly, ...readWrite]) {
    const text = keyText(key);
    if (seen.has(text)) return 'a key is in the footprint twice';
    seen.add(text);
    const problem = keyProblem(key, text.length / 2);
    if (problem) return problem;
  }
  return undefined;
}

function keyProblem(key: xdr.LedgerKey, bytes: number): string | undefined {
  switch (key.type) {
    case 'account':
    case 'contractCode':
      return undefined;
    case 'contractData':
      return bytes > networkLimits.dataKeyBytes ? 'a contract data key is larger than the network limit' : undefined;
    case 'trustline':
      return lineProblem(key.trustLine);
    default:
      return `entries of type ${key.type} cannot be in a footprint`;
  }
}

function lineProblem({ accountId, asset }: xdr.LedgerKeyTrustLine): string | undefined {
  if (asset.type === 'assetTypeNative' || asset.type === 'assetTypePoolShare') return 'not a trustline of an asset';
  const issuer = asset.value.issuer;
  return issuer.equals(accountId) ? 'an issuer has no trustline to its own asset' : undefined;
}

function archivedProblem(body: xdr.OperationBody, data: xdr.SorobanTransactionData): string | undefined {
  const archived = archivedPositions(data);
  if (data.ext.type === 'v0') return undefined;
  if (body.type !== 'invokeHostFunction') return 'only invocations restore entries on the way';
  const { readWrite } = data.resources.footprint;
  for (const [index, position] of archived.entries()) {
    if (index > 0 && position <= (archived[index - 1] ?? 0)) return 'archivedSorobanEntries are not in order';
    const key = readWrite[position];
    if (!key || !isPersistent(key)) return 'archivedSorobanEntries names no persistent contract entry';
  }
  return undefined;
}

function uploadProblem(body: xdr.OperationBody): string | undefined {
  if (body.type !== 'invokeHostFunction') return undefined;
  const { hostFunction } = body.invokeHostFunctionOp;
  if (hostFunction.type !== 'hostFunctionTypeUploadContractWasm') return undefined;
  return hostFunction.wasm.length > networkLimits.wasmBytes ? 'the wasm is larger than the network limit' : undefined;
}

/** Positions in the read-write footprint of entries the transaction brings back. */
export function archivedPositions(data: xdr.SorobanTransactionData): readonly number[] {
  return data.ext.type === 'resourceExt' ? data.ext.resourceExt.archivedSorobanEntries : [];
}

export function isSorobanKey(key: xdr.LedgerKey): boolean {
  return key.type === 'contractData' || key.type === 'contractCode';
}

export function isPersistent(key: xdr.LedgerKey): boolean {
  if (key.type === 'contractCode') return true;
  return key.type === 'contractData' && key.contractData.durability.equals(xdr.ContractDataDurability.persistent);
}

/** Live contract entries are read from memory; everything else in the footprint, and all that is restored, from disk. */
function diskReadEntries(body: xdr.OperationBody, data: xdr.SorobanTransactionData): number {
  const { readOnly, readWrite } = data.resources.footprint;
  if (body.type === 'restoreFootprint') return readWrite.length;
  const classic = [...readOnly, ...readWrite].filter((key) => !isSorobanKey(key)).length;
  return classic + archivedPositions(data).length;
}

/** Bytes that resource fees are charged for: the transaction's own envelope, not the fee bump around it. */
function signedBytes(signed: SignedTransaction): number {
  return signed.feeBump?.innerBytes ?? signed.envelope.length;
}

/** What the declared resources cost with so many bytes of events and return value. */
export function declaredFee(host: SorobanHost, signed: SignedTransaction, eventsBytes: number): ResourceFee {
  const data = signed.sorobanData;
  const body = signed.tx.operations[0]?.body;
  if (!data || !body || !isSorobanBody(body)) throw new Error('only Soroban transactions have resource fees');
  return host.resourceFee({
    instructions: data.resources.instructions,
    diskReadEntries: diskReadEntries(body, data),
    writeEntries: data.resources.footprint.readWrite.length,
    diskReadBytes: data.resources.diskReadBytes,
    writeBytes: data.resources.writeBytes,
    eventsBytes,
    transactionBytes: signedBytes(signed),
  });
}
