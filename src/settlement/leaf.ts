import type { CallLeafRow, CarryLeafRow, LeafRow } from '../store/leaf-row.ts';
import { leafHash } from './merkle.ts';

/**
 * The bytes of a leaf, field by field; docs/receipts.md is the same layout for strangers. Every field is its length as
 * four bytes (big-endian) and its content, so no two rows ever give the same bytes. Text is UTF-8, numbers are eight bytes
 * big-endian. A change of this layout needs a new version name: old receipts must stay checkable.
 */
const version = 'callora.leaf.v1';

/** Bytes of one leaf. `vault` is the C… address: a leaf of one vault proves nothing about another. */
export function encodeLeaf(vault: string, row: LeafRow): Uint8Array {
  return row.kind === 'call' ? encodeCall(vault, row) : encodeCarry(vault, row);
}

/** RFC 6962 hash of one leaf, 32 bytes. */
export function hashLeaf(vault: string, row: LeafRow): Uint8Array {
  return leafHash(encodeLeaf(vault, row));
}

function encodeCall(vault: string, row: CallLeafRow): Uint8Array {
  return joinFields([
    version,
    'call',
    vault,
    BigInt(row.callId),
    row.account,
    row.payee,
    row.api,
    row.method,
    row.template,
    BigInt(row.status),
    row.price,
    row.refund,
    BigInt(row.atMs),
  ]);
}

function encodeCarry(vault: string, row: CarryLeafRow): Uint8Array {
  const { fromLane, fromBatch, account, payee, amount } = row;
  return joinFields([version, 'carry', vault, BigInt(fromLane), BigInt(fromBatch), account, payee, amount]);
}

function joinFields(fields: (string | bigint)[]): Uint8Array {
  const sizes = fields.map((field) => (typeof field === 'string' ? Buffer.byteLength(field) : 8));
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + 4 + size, 0));
  let at = 0;
  fields.forEach((field, index) => {
    at = bytes.writeUInt32BE(sizes[index] ?? 0, at);
    at = typeof field === 'string' ? at + bytes.write(field, at, 'utf8') : bytes.writeBigUInt64BE(field, at);
  });
  return bytes;
}
