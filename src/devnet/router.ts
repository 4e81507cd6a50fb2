/** Which part answers which path, and the faults that come before it. */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Fault, Faults } from './faults.ts';
import { type Friendbot, FriendbotRefusal } from './friendbot.ts';
import { type Exchange, type Handler, sendJson } from './http.ts';
import { answerRpc, callMethod, type Params, RpcError, type RpcMethods } from './rpc/json-rpc.ts';

export type RouterDeps = { methods: RpcMethods; friendbot: Friendbot; faults: Faults; clock: Clock; log: Log };

/** RPC at /rpc and as POST on /, friendbot at /friendbot, Horizon everywhere else. */
export function createRouter(deps: RouterDeps): Handler {
  return async (exchange) => {
    const { req, res, url } = exchange;
    const isRpc = url.pathname === '/rpc' || (url.pathname === '/' && req.method === 'POST');
    if (isRpc) return answerRpcOver(exchange, deps);
    if (url.pathname === '/friendbot') return answerFriendbot(exchange, deps.friendbot);
    sendJson(res, 404, { status: 404, title: 'Not Found' });
  };
}

async function answerRpcOver({ req, res, body }: Exchange, deps: RouterDeps): Promise<void> {
  if (req.method !== 'POST') return sendJson(res, 405, { error: 'RPC is spoken by POST' });
  const met: { fault?: Fault | undefined } = {};
  const call = async (method: string, params: Params): Promise<unknown> => {
    met.fault = deps.faults.next(method);
    if (met.fault?.kind === 'refuse') return undefined;
    if (met.fault?.kind === 'error') throw new RpcError(met.fault.code ?? 'internalError', met.fault.message);
    if (met.fault?.kind === 'delay') await deps.clock.sleep(met.fault.delayMs);
    return callMethod(deps.methods, method, params);
  };
  const reply = await answerRpc(body, call, deps.log);
  if (met.fault?.kind === 'refuse' || met.fault?.kind === 'drop-reply-after-apply') req.socket.destroy();
  else sendJson(res, 200, reply);
}

async function answerFriendbot({ res, url, body }: Exchange, friendbot: Friendbot): Promise<void> {
  const address = url.searchParams.get('addr') ?? new URLSearchParams(body).get('addr') ?? '';
  try {
    const record = await friendbot.fund(address);
    sendJson(res, 200, {
      hash: record.signed.hash,
      ledger: record.ledger,
      successful: true,
      envelope_xdr: Buffer.from(record.signed.envelope).toString('base64'),
      result_xdr: Buffer.from(record.result).toString('base64'),
      result_meta_xdr: Buffer.from(record.meta).toString('base64'),
    });
  } catch (error) {
    if (!(error instanceof FriendbotRefusal)) throw error;
    sendJson(res, 400, { status: 400, title: 'Bad Request', detail: error.message }, 'application/problem+json');
  }
}
