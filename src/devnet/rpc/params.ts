/** Readers of named parameters. They throw RpcError with what was wrong. */
import { isObject, type Params, RpcError } from './json-rpc.ts';

export function text(params: Params, name: string): string {
  const value = params[name];
  if (typeof value !== 'string') throw new RpcError('invalidParams', `${name} must be a string`);
  return value;
}

/** A whole number of 32 bits; 0 when absent, as the real server cannot tell the two apart. */
export function uint32(params: Params, name: string): number {
  const value = params[name] ?? 0;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new RpcError('invalidParams', `${name} must be a whole number of 32 bits`);
  }
  return value;
}

export function list(params: Params, name: string): readonly unknown[] {
  const value = params[name] ?? [];
  if (!Array.isArray(value)) throw new RpcError('invalidParams', `${name} must be an array`);
  return value;
}

export function strings(params: Params, name: string): readonly string[] {
  const values = list(params, name);
  if (!values.every((value) => typeof value === 'string')) {
    throw new RpcError('invalidParams', `${name} must hold strings`);
  }
  return values;
}

export function object(params: Params, name: string): Params {
  const value = params[name] ?? {};
  if (!isObject(value)) throw new RpcError('invalidParams', `${name} must be an object`);
  return value;
}

export function base64(value: string, what: string): Uint8Array {
  const bytes = Buffer.from(value, 'base64');
  if (value === '' || bytes.toString('base64') !== value) {
    throw new RpcError('invalidParams', `${what} is not base64`);
  }
  return bytes;
}

export type Page = { cursor: string | undefined; limit: number };

export function page(params: Params, limitDefault: number, limitMax: number): Page {
  const pagination = object(params, 'pagination');
  const cursor = pagination.cursor ?? undefined;
  if (cursor !== undefined && typeof cursor !== 'string') {
    throw new RpcError('invalidParams', 'cursor must be a string');
  }
  const limit = uint32(pagination, 'limit');
  if (limit > limitMax) throw new RpcError('invalidParams', `limit must not exceed ${limitMax}`);
  return { cursor: cursor || undefined, limit: limit || limitDefault };
}

/** XDR as JSON, which the real server offers, is not offered here. */
export function requireBase64Format(params: Params): void {
  const format = params.xdrFormat ?? undefined;
  if (format !== undefined && format !== '' && format !== 'base64') {
    throw new RpcError('invalidParams', `xdrFormat ${JSON.stringify(format)} is not supported, only base64`);
  }
}
