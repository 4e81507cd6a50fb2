/** What JSON-RPC methods are made of: their parameters, their errors, and how they are found. */
import type { Chain } from '../ledger/chain.ts';

/** As they came: an object, a list, or undefined where there are none. */
export type Params = unknown;
/** Returns the result as plain JSON data, or throws RpcError. `chain` is the network as this request sees it. */
export type RpcMethod = (params: Params, chain: Chain) => unknown;
export type RpcMethods = Readonly<Record<string, RpcMethod>>;

const CODE = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** What the real server's library gives errors that name no code. */
  systemError: -32098,
} as const;

export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  /** JSON, or undefined for none. */
  readonly data: unknown;

  constructor(kind: keyof typeof CODE | number, message: string, data?: unknown) {
    super(message);
    this.code = typeof kind === 'number' ? kind : CODE[kind];
    this.data = data;
  }
}

export function callMethod(methods: RpcMethods, method: string, params: Params, chain: Chain): unknown {
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!found) throw new RpcError('methodNotFound', 'method not found', method);
  return found(params, chain);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
