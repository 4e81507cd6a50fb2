/** Requests out of a body, with the rules and words of the JSON-RPC library that the real server is built on. */
import { isObject, type Params, RpcError } from './json-rpc.ts';

/** A request, or a member of a batch. */
export type Request = {
  /** The id's own JSON text, since a number may be more than JavaScript can hold; undefined for a notification. */
  id: string | undefined;
  method: string;
  params: Params;
  /** What is wrong with the request whatever its method. */
  refused: RpcError | undefined;
};

export type Requests = { batch: boolean; list: Request[] };

/** Undefined when the body is no JSON. */
export function readRequests(body: string): Requests | undefined {
  const idTexts = new WeakMap<object, string>();
  let read: unknown;
  try {
    read = parseWithSource(body, function (key, value, { source }) {
      if (key === 'id' && source !== undefined) idTexts.set(this, source);
      return value;
    });
  } catch {
    return undefined;
  }
  const batch = Array.isArray(read);
  const members: unknown[] = Array.isArray(read) ? read : [read];
  return { batch, list: members.map((member) => readRequest(member, idTexts)) };
}

type Reviver = (this: object, key: string, value: unknown, context: { source?: string }) => unknown;
/** The standard's JSON.parse, whose reviver is given the text of each scalar. */
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;

const FIELDS: readonly string[] = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];

function readRequest(member: unknown, idTexts: WeakMap<object, string>): Request {
  if (!isObject(member)) {
    const refused = new RpcError('parseError', 'request is not a JSON object');
    return { id: undefined, method: '', params: undefined, refused };
  }
  const { id, method, params } = member;
  const hasId = typeof id === 'string' || typeof id === 'number';
  return {
    id: hasId ? idTexts.get(member) : undefined,
    method: typeof method === 'string' ? method : '',
    params: params ?? undefined,
    refused: problemOf(member),
  };
}

function problemOf(member: Record<string, unknown>): RpcError | undefined {
  const { jsonrpc, id, method, params } = member;
  const invalid = (message: string, data?: unknown) => new RpcError('invalidRequest', message, data);
  if (isGiven(jsonrpc) && typeof jsonrpc !== 'string') return new RpcError('parseError', 'invalid version key');
  if (isGiven(id) && typeof id !== 'string' && typeof id !== 'number') return invalid('invalid request ID');
  if (isGiven(method) && typeof method !== 'string') return new RpcError('parseError', 'invalid method name');
  if (isGiven(params) && typeof params !== 'object') return invalid('parameters must be array or object');
  if (method && (isGiven(member.result) || isGiven(member.error))) return invalid('mixed request and reply fields');
  const extra = Object.keys(member).filter((name) => !FIELDS.includes(name));
  if (extra.length > 0) return invalid('extra fields in request', extra);
  if (jsonrpc !== '2.0') return invalid('invalid version marker');
  if (!method) return invalid('empty method name');
  return undefined;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
