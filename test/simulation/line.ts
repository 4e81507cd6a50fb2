import type { Past } from '../../src/devnet/faults/past.ts';
import { behind, underPassphrase } from '../../src/devnet/faults/vantage.ts';
import type { Chain } from '../../src/devnet/ledger/chain.ts';
import { callMethod, RpcError } from '../../src/devnet/rpc/json-rpc.ts';
import { rpcMethods } from '../../src/devnet/rpc/methods.ts';
import { readOnce } from './read-once.ts';

/** What a request can meet on its way: the failure modes of a provider, each as a client sees it. */
export type LineFault =
  | { kind: (typeof plainFaults)[number] | (typeof otherFaults)[number] }
  | { kind: (typeof sendFaults)[number] }
  | { kind: 'lag'; ledgers: number };

/** The faults that `kind` alone describes; each is met before or after the request took effect. */
export const plainFaults = ['refuse', 'lose_reply', 'bad_gateway', 'html_after', 'cut', 'error'] as const;

/** No answer at all, a server that wants to be left alone, and one of another network. */
export const otherFaults = ['silent', 'silent_after', 'throttled', 'foreign'] as const;

/** A server that takes no transactions now: the one that it was sent has been passed on all the same, or not. */
export const sendFaults = ['try_again', 'try_again_after'] as const;

/** A way to the network's RPC that its owner decides about, request by request. */
export type Line = {
  fault(method: string): LineFault | undefined;
  /** Called in the same step as the request is looked at, before and after. Never resolves for a caller that is gone. */
  before(): Promise<void>;
  after(): Promise<void>;
};

const methods = rpcMethods(() => '');

type Request = { id: number; method: string; params: unknown };

/** Stands for `fetch` towards the RPC: the same methods that answer over HTTP, without a socket between. */
export function createLine(chain: Chain, past: Past, line: Line): typeof fetch {
  return async (_url, init) => {
    const request: Request = JSON.parse(String(init?.body));
    await line.before();
    const fault = line.fault(request.method);
    const early = refused(fault) ?? (fault?.kind === 'silent' ? await silence(init) : undefined);
    if (early) return early;
    if (fault?.kind === 'error') return answer({ id: request.id, error: { code: -32603, message: 'internal error' } });
    if (fault?.kind === 'try_again') return tryAgain(chain, request);
    const text = readOnce(viewOf(chain, past, fault), request, (seen) => look(seen, request));
    await line.after();
    if (fault?.kind === 'silent_after') return silence(init);
    if (fault?.kind === 'try_again_after') return tryAgain(chain, request);
    return spoilt(fault, text, 200);
  };
}

/** The answer to a request that went no further, with nobody behind it. */
export function refused(fault: LineFault | undefined): Response | undefined {
  if (fault?.kind === 'refuse') throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  if (fault?.kind === 'bad_gateway') return html(502);
  if (fault?.kind === 'throttled') return new Response('', { status: 429, headers: { 'retry-after': '7' } });
  return undefined;
}

/** What is left of an answer behind everything it stands for. */
export function spoilt(fault: LineFault | undefined, text: string, status: number): Response {
  if (fault?.kind === 'lose_reply') throw new TypeError('fetch failed', { cause: new Error('read ECONNRESET') });
  if (fault?.kind === 'html_after') return html(504);
  if (fault?.kind === 'cut') return new Response(text.slice(0, Math.floor(text.length / 2)), { status });
  return new Response(text, { status });
}

/** Until whoever asked gives up. */
export function silence(init: RequestInit | undefined): Promise<never> {
  return new Promise((_, reject) => {
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
  });
}

/** The network as the server sees it that answers. */
export function viewOf(chain: Chain, past: Past, fault: LineFault | undefined): Chain {
  if (fault?.kind === 'lag') return behind(chain, past, fault.ledgers);
  return fault?.kind === 'foreign' ? underPassphrase(chain, 'a network of somebody else') : chain;
}

function tryAgain({ history, read }: Chain, { id, params }: Request): Response {
  const { transaction } = params as { transaction: string };
  const { sequence, closeTimeS } = history.latest();
  const { hash } = read(Buffer.from(transaction, 'base64'));
  const place = { latestLedger: sequence, latestLedgerCloseTime: String(closeTimeS) };
  return answer({ id, result: { status: 'TRY_AGAIN_LATER', hash, ...place } });
}

function look(seen: Chain, { id, method, params }: Request): Record<string, unknown> {
  try {
    return { jsonrpc: '2.0', id, result: callMethod(methods, method, params, seen) };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { jsonrpc: '2.0', id, error: { code: error.code, message: error.message } };
  }
}

function answer(body: Record<string, unknown>): Response {
  return new Response(JSON.stringify({ jsonrpc: '2.0', ...body }), { status: 200 });
}

export function html(status: number): Response {
  return new Response('<html><body>Bad Gateway</body></html>', { status });
}
