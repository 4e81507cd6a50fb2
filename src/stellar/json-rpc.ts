import type { Clock } from '../clock.ts';
import { boundedFetch, fetchFault } from './bounded-fetch.ts';
import { readRetryAfter } from './retry-after.ts';

/** Why a question to the RPC has no answer. Only `transport` leaves open whether the request took effect. */
export type RpcFailure = 'transport' | 'refused' | 'unreadable' | 'wrong_network' | 'lagging' | 'ahead';

export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly failure: RpcFailure;
  /** JSON-RPC error code of a `refused` request. */
  readonly code: number | undefined;

  constructor(failure: RpcFailure, message: string, options: { cause?: unknown; code?: number } = {}) {
    super(message, { cause: options.cause });
    this.failure = failure;
    this.code = options.code;
  }
}

export type JsonRpcOptions = {
  url: string;
  /** The longest wait for one answer, ms. Providers cut off at 25 s themselves. */
  timeoutMs: number;
  clock: Clock;
  fetch?: typeof globalThis.fetch | undefined;
};

export type JsonRpcCall = (method: string, params: unknown, signal?: AbortSignal) => Promise<Record<string, unknown>>;

/** The most one answer may weigh; 10,000 events of a busy vault stay far below. */
const answerBytesMax = 32 * 1024 * 1024;

/** A server that asks for more is asked again after this, ms: deposits and settlements stand still meanwhile. */
const quietMaxMs = 300_000;

/** Of the reason for a refusal this much is kept: it goes into logs and into what `/readyz` tells. */
const reasonCharsMax = 300;

/**
 * One JSON-RPC 2.0 call over HTTP. Whatever keeps the answer from arriving whole (reset, timeout, 5xx, HTML, cut JSON) is
 * `transport`: the server may have acted. Only a JSON-RPC error object is `refused`.
 */
export function createJsonRpc(options: JsonRpcOptions): JsonRpcCall {
  const { url, ...bounds } = options;
  const { clock } = options;
  let lastId = 0;
  let quietUntilMs = Number.NEGATIVE_INFINITY;

  /** Asking on would only make a throttled server's pause longer. */
  function requireAsked(method: string): void {
    const leftMs = quietUntilMs - clock.monotonicMs();
    if (leftMs <= 0) return;
    const seconds = Math.ceil(leftMs / 1_000);
    throw new RpcError('transport', `${method}: the server wants to be left alone for another ${seconds} s (HTTP 429)`);
  }

  return async (method, params, signal) => {
    requireAsked(method);
    const id = ++lastId;
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    };
    try {
      const { status, headers, text } = await boundedFetch(url, init, { ...bounds, bytesMax: answerBytesMax }, signal);
      const waitMs = status === 429 ? readRetryAfter(headers.get('retry-after'), clock) : undefined;
      if (waitMs !== undefined) quietUntilMs = clock.monotonicMs() + Math.min(waitMs, quietMaxMs);
      return readAnswer(method, status, text);
    } catch (cause) {
      if (cause instanceof RpcError) throw cause;
      throw new RpcError('transport', `${method}: ${fetchFault(cause)}`, { cause });
    }
  };
}

function readAnswer(method: string, status: number, text: string): Record<string, unknown> {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new RpcError('transport', `${method}: HTTP ${status} without JSON`);
  }
  if (!isRecord(answer)) throw new RpcError('transport', `${method}: HTTP ${status} without a JSON-RPC answer`);
  if (isRecord(answer.error)) {
    const { code, message } = answer.error;
    throw new RpcError(
      'refused',
      `${method}: ${String(message).slice(0, reasonCharsMax)}`,
      typeof code === 'number' ? { code } : {},
    );
  }
  if (status !== 200 || !isRecord(answer.result)) {
    throw new RpcError('transport', `${method}: HTTP ${status} without a result`);
  }
  return answer.result;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True when the request may have taken effect although no answer came. */
export function isTransportFailure(error: unknown): boolean {
  return error instanceof RpcError && error.failure === 'transport';
}
