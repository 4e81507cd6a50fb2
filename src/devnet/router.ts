/** Which part answers which path, and the faults that come before it. */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Fault, Faults } from './faults.ts';
import { type Friendbot, FriendbotRefusal } from './friendbot.ts';
import { problemOf, sendProblem } from './horizon/problem.ts';
import { transactionResource } from './horizon/transaction-resource.ts';
import { type Exchange, type Handler, sendJson } from './http.ts';
import type { Chain } from './ledger/chain.ts';
import { answerRpc, callMethod, type Params, RpcError, type RpcMethods } from './rpc/json-rpc.ts';

export type RouterDeps = {
  methods: RpcMethods;
  /** The network as a request to an RPC method sees it. */
  see: (method: string) => Chain;
  friendbot: Friendbot;
  horizon: Handler;
  baseUrl: () => string;
  faults: Faults;
  clock: Clock;
  log: Log;
};

/** RPC at /rpc and as POST on /, friendbot at /friendbot, Horizon everywhere else. */
export function createRouter(deps: RouterDeps): Handler {
  return async (exchange) => {
    const { req, url } = exchange;
    const isRpc = url.pathname === '/rpc' || (url.pathname === '/' && req.method === 'POST');
    if (isRpc) return answerRpcOver(exchange, deps);
    const friendbot = (met: Exchange) => answerFriendbot(met, deps);
    return behindFault(exchange, deps, url.pathname === '/friendbot' ? friendbot : deps.horizon);
  };
}

/** Horizon and friendbot meet the faults set for `horizon`. */
async function behindFault(exchange: Exchange, { faults, clock }: RouterDeps, handler: Handler): Promise<void> {
  const { req, res } = exchange;
  const fault = faults.next('horizon');
  switch (fault?.kind) {
    case undefined:
      return handler(exchange);
    case 'delay':
      await clock.sleep(fault.delayMs);
      return handler(exchange);
    case 'error':
      return sendProblem(res, problemOf(500, 'server_error', fault.message));
    case 'refuse':
      req.socket.destroy();
      return;
    case 'drop-reply-after-apply':
      // What is sent takes effect in this same turn of the event loop, before the client can see the line go down.
      req.socket.destroy();
      return handler(exchange);
  }
}

async function answerRpcOver({ req, res, body }: Exchange, deps: RouterDeps): Promise<void> {
  if (req.method !== 'POST') return sendJson(res, 405, { error: 'RPC is spoken by POST' });
  const met: { fault?: Fault | undefined } = {};
  const call = async (method: string, params: Params): Promise<unknown> => {
    met.fault = deps.faults.next(method);
    if (met.fault?.kind === 'refuse') return undefined;
    if (met.fault?.kind === 'error') throw new RpcError(met.fault.code ?? 'internalError', met.fault.message);
    if (met.fault?.kind === 'delay') await deps.clock.sleep(met.fault.delayMs);
    return callMethod(deps.methods, method, params, deps.see(method));
  };
  const reply = await answerRpc(body, call, deps.log);
  if (met.fault?.kind === 'refuse' || met.fault?.kind === 'drop-reply-after-apply') req.socket.destroy();
  else sendJson(res, 200, reply);
}

async function answerFriendbot({ res, url, body }: Exchange, { friendbot, baseUrl }: RouterDeps): Promise<void> {
  const address = url.searchParams.get('addr') ?? new URLSearchParams(body).get('addr') ?? '';
  try {
    sendJson(res, 200, transactionResource(await friendbot.fund(address), baseUrl()));
  } catch (error) {
    if (!(error instanceof FriendbotRefusal)) throw error;
    sendProblem(res, problemOf(400, 'bad_request', error.message));
  }
}
