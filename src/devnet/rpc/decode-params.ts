/**
 * Parameters out of JSON as Go's encoding/json reads them into the real server's types: names match whatever their case,
 * null is absence, unknown fields are ignored, and what has the wrong type is told in that package's words.
 */
import type { Chain } from '../ledger/chain.ts';
import { isObject, RpcError, type RpcMethod } from './json-rpc.ts';

/** Where a value is: the type that holds it, and the path of names to it. Undefined at the top. */
type Place = { struct: string; path: string };
export type Decoder<Value> = (value: unknown, place: Place | undefined) => Value;

function mismatch(value: unknown, place: Place | undefined, goType: string): RpcError {
  return mismatchOf(goKind(value), place, goType);
}

function mismatchOf(what: string, place: Place | undefined, goType: string): RpcError {
  const into = place ? `Go struct field ${place.struct}.${place.path}` : 'Go value';
  return undecodable(`json: cannot unmarshal ${what} into ${into} of type ${goType}`);
}

/** The message says little; `reason` is in the error's data. */
export function undecodable(reason: string): RpcError {
  return new RpcError('invalidParams', 'invalid parameters', reason);
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

export const text: Decoder<string> = (value, place) => {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw mismatch(value, place, 'string');
  return value;
};

export const flag: Decoder<boolean> = (value, place) => {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw mismatch(value, place, 'bool');
  return value;
};

function whole(goType: string, max: number): Decoder<number> {
  return (value, place) => {
    if (value === undefined || value === null) return 0;
    if (typeof value !== 'number') throw mismatch(value, place, goType);
    if (!Number.isInteger(value) || value < 0 || value > max) throw mismatchOf(`number ${value}`, place, goType);
    return value;
  };
}

export const uint32 = whole('uint32', 0xffffffff);
export const uint = whole('uint', Number.MAX_SAFE_INTEGER);
export const uint64 = whole('uint64', Number.MAX_SAFE_INTEGER);

export function list<Item>(item: Decoder<Item>, goType: string): Decoder<Item[]> {
  return (value, place) => {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) throw mismatch(value, place, goType);
    return value.map((one) => item(one, place));
  };
}

/** Undefined where nothing is given; otherwise what `inner` makes of it. */
export function optional<Value>(inner: Decoder<Value>): Decoder<Value | undefined> {
  return (value, place) => (value === undefined || value === null ? undefined : inner(value, place));
}

type Fields = Readonly<Record<string, Decoder<unknown>>>;
export type Struct<Of extends Fields> = { readonly [Name in keyof Of]: ReturnType<Of[Name]> };

/** `name` is the Go type's. Missing fields are decoded from undefined. */
export function struct<Of extends Fields>(name: string, fields: Of): Decoder<Struct<Of>> {
  return (value, place) => {
    if (value !== undefined && value !== null && !isObject(value)) throw mismatch(value, place, `protocol.${name}`);
    const given = new Map(Object.entries(value ?? {}).map(([key, content]) => [key.toLowerCase(), content]));
    const read = Object.entries(fields).map(([field, decode]) => {
      const path = place ? `${place.path}.${field}` : field;
      return [field, decode(given.get(field.toLowerCase()), { struct: name, path })];
    });
    return Object.fromEntries(read) as Struct<Of>;
  };
}

/** Takes a list in place of named parameters, one value for each field in this order. */
export function byPosition<Value>(fields: readonly string[], named: Decoder<Value>): Decoder<Value> {
  return (value, place) => {
    if (!Array.isArray(value)) return named(value, place);
    if (value.length !== fields.length) {
      throw new RpcError('invalidParams', `got ${value.length} parameters, want ${fields.length}`);
    }
    return named(Object.fromEntries(fields.map((field, index) => [field, value[index]])), place);
  };
}

/** A method that is given its parameters read; it throws RpcError where they are not of its types. */
export function method<Request>(
  decoder: Decoder<Request>,
  run: (request: Request, chain: Chain) => unknown,
): RpcMethod {
  return (params, chain) => run(decoder(params, undefined), chain);
}
