import type { Past } from '../../src/devnet/faults/past.ts';
import { behind } from '../../src/devnet/faults/vantage.ts';
import type { Chain } from '../../src/devnet/ledger/chain.ts';
import { callMethod, RpcError } from '../../src/devnet/rpc/json-rpc.ts';
import { rpcMethods } from '../../src/devnet/rpc/methods.ts';

/** What a request can meet on its way: the failure modes of a provider, each as a client sees it. */
export type LineFault =
  | { kind: 'refuse' | 'lose_reply' | 'bad_gateway' | 'html_after' | 'cut' | 'error' }
  | { kind: 'lag'; ledgers: number };

/** The faults that `kind` alone describes; each is met before or after the request took effect. */
export const plainFaults = ['refuse', 'lose_reply', 'bad_gateway', 'html_after', 'cut', 'error'] as const;

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
    if (fault?.kind === 'refuse') throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    if (fault?.kind === 'bad_gateway') return html(502);
    if (fault?.kind === 'error') return answer({ id: request.id, error: { code: -32603, message: 'internal error' } });
    const text = JSON.stringify(look(fault?.kind === 'lag' ? behind(chain, past, fault.ledgers) : chain, request));
    await line.after();
    if (fault?.kind === 'lose_reply') throw new TypeError('fetch failed', { cause: new Error('read ECONNRESET') });
    if (fault?.kind === 'html_after') return html(504);
    if (fault?.kind === 'cut') return new Response(text.slice(0, Math.floor(text.length / 2)), { status: 200 });
    return new Response(text, { status: 200 });
  };
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
