/** JSON-RPC 2.0 as Stellar RPC speaks it: one POST, named parameters, errors with the standard codes. */
import type { Log } from '../../log.ts';
import type { Chain } from '../ledger/chain.ts';

export type Params = Readonly<Record<string, unknown>>;
/** Returns the result as plain JSON data, or throws RpcError. `chain` is the network as this request sees it. */
export type RpcMethod = (params: Params, chain: Chain) => unknown;
export type RpcMethods = Readonly<Record<string, RpcMethod>>;

const CODE = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
} as const;

export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;

  constructor(kind: keyof typeof CODE | number, message: string) {
    super(message);
    this.code = typeof kind === 'number' ? kind : CODE[kind];
  }
}

export type RpcReply = { jsonrpc: '2.0'; id: string | number | null } & (
  | { result: unknown }
  | { error: { code: number; message: string } }
);

/** Never throws: whatever goes wrong is in the reply. */
export async function answerRpc(
  body: string,
  call: (method: string, params: Params) => unknown,
  log: Log,
): Promise<RpcReply> {
  let id: RpcReply['id'] = null;
  try {
    const request = parseRequest(body);
    id = request.id;
    return { jsonrpc: '2.0', id, result: await call(request.method, request.params) };
  } catch (error) {
    if (error instanceof RpcError) return { jsonrpc: '2.0', id, error: { code: error.code, message: error.message } };
    log.error({ err: error }, 'an RPC method failed');
    const message = error instanceof Error ? error.message : String(error);
    return { jsonrpc: '2.0', id, error: { code: CODE.internalError, message } };
  }
}

export function callMethod(methods: RpcMethods, method: string, params: Params, chain: Chain): unknown {
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!found) throw new RpcError('methodNotFound', `no such method: ${JSON.stringify(method)}`);
  return found(params, chain);
}

function parseRequest(body: string): { id: RpcReply['id']; method: string; params: Params } {
  let request: unknown;
  try {
    request = JSON.parse(body);
  } catch {
    throw new RpcError('parseError', 'the body is not JSON');
  }
  if (Array.isArray(request)) throw new RpcError('invalidRequest', 'batches are not supported');
  if (!isObject(request) || request.jsonrpc !== '2.0' || typeof request.method !== 'string') {
    throw new RpcError('invalidRequest', 'not a JSON-RPC 2.0 request');
  }
  const { id, method, params } = request;
  if (params !== undefined && params !== null && !isObject(params)) {
    throw new RpcError('invalidParams', 'parameters are named: an object');
  }
  const idText = typeof id === 'string' || typeof id === 'number' ? id : null;
  return { id: idText, method, params: params ?? {} };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
