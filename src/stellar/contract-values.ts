import { Address, StrKey, scValToBigInt, xdr } from '@stellar/stellar-sdk/base';

/** What a contract value holds other than what was asked for. */
export class ContractValueError extends Error {
  override readonly name = 'ContractValueError';
}

// Writing.

export function addressValue(strkey: string): xdr.ScVal {
  return Address.fromString(strkey).toScVal();
}

export function i128Value(amount: bigint): xdr.ScVal {
  return xdr.ScVal.scvI128(
    new xdr.Int128Parts({ hi: BigInt.asIntN(64, amount >> 64n), lo: BigInt.asUintN(64, amount) }),
  );
}

export function u32Value(value: number): xdr.ScVal {
  return xdr.ScVal.scvU32(value);
}

export function u64Value(value: bigint | number): xdr.ScVal {
  return xdr.ScVal.scvU64(BigInt(value));
}

export function bytesValue(bytes: Uint8Array): xdr.ScVal {
  return xdr.ScVal.scvBytes(bytes);
}

/** A contract struct: a map with its field names as symbols, in ascending order. */
export function structValue(fields: Record<string, xdr.ScVal>): xdr.ScVal {
  const entries = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return xdr.ScVal.scvMap(entries.map(([name, val]) => new xdr.ScMapEntry({ key: xdr.ScVal.scvSymbol(name), val })));
}

/**
 * Where the vault sees an address in ascending order: accounts before contracts, then by key bytes. The XDR form of an
 * address has just this order.
 */
export function addressOrder(strkey: string): string {
  return Buffer.from(Address.fromString(strkey).toScAddress().toXdr()).toString('hex');
}

export function isAccountAddress(text: string): boolean {
  return StrKey.isValidEd25519PublicKey(text);
}

// Reading: strict, because what comes over the wire decides about money.

export function readAddress(value: xdr.ScVal): string {
  if (value.type !== 'scvAddress') throw wrong('an address', value);
  return Address.fromScVal(value).toString();
}

export function readI128(value: xdr.ScVal): bigint {
  if (value.type !== 'scvI128') throw wrong('an i128', value);
  return scValToBigInt(value);
}

export function readU32(value: xdr.ScVal): number {
  if (value.type !== 'scvU32') throw wrong('a u32', value);
  return value.u32;
}

/** A u64 as a number: batch numbers, periods and times of ours stay far below 2^53. */
export function readU64(value: xdr.ScVal): number {
  const number = Number(readU64Exact(value));
  if (!Number.isSafeInteger(number)) throw wrong('a u64 below 2^53', value);
  return number;
}

export function readU64Exact(value: xdr.ScVal): bigint {
  if (value.type !== 'scvU64') throw wrong('a u64', value);
  return value.u64;
}

export function readBool(value: xdr.ScVal): boolean {
  if (value.type !== 'scvBool') throw wrong('a bool', value);
  return value.b;
}

export function readSymbol(value: xdr.ScVal): string {
  if (value.type !== 'scvSymbol') throw wrong('a symbol', value);
  return value.sym.toStringStrict();
}

export function readHex(value: xdr.ScVal, bytes: number): string {
  if (value.type !== 'scvBytes') throw wrong('bytes', value);
  const content = value.bytes.toBytes();
  if (content.length !== bytes) throw wrong(`${bytes} bytes`, value);
  return Buffer.from(content).toString('hex');
}

export function readVec<T>(value: xdr.ScVal, read: (item: xdr.ScVal) => T): T[] {
  if (value.type !== 'scvVec' || value.vec === null) throw wrong('a vector', value);
  return value.vec.map(read);
}

export function readOption<T>(value: xdr.ScVal, read: (inner: xdr.ScVal) => T): T | undefined {
  return value.type === 'scvVoid' ? undefined : read(value);
}

/** The fields of a contract struct by name. A missing one fails when it is asked for; unknown ones are left alone. */
export function readStruct(value: xdr.ScVal): { field(name: string): xdr.ScVal } {
  if (value.type !== 'scvMap' || value.map === null) throw wrong('a struct', value);
  const fields = new Map(value.map.map((entry) => [readSymbol(entry.key), entry.val]));
  return {
    field(name) {
      const found = fields.get(name);
      if (!found) throw new ContractValueError(`the struct has no field "${name}"`);
      return found;
    },
  };
}

function wrong(expected: string, value: xdr.ScVal): ContractValueError {
  return new ContractValueError(`expected ${expected}, found ${value.type}`);
}
