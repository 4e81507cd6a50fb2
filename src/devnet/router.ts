/** Which part answers which path, and the faults that come before it. */
import type { Log } from '../log.ts';
import type { Control } from './control/control.ts';
import { FaultError, type Gate } from './faults/gate.ts';
import { answerFriendbot } from './friendbot/endpoint.ts';
import type { Friendbot } from './friendbot/friendbot.ts';
import { HORIZON_BODY_BYTES_MAX, type Horizon } from './horizon/horizon.ts';
import { baseOf } from './horizon/links.ts';
import { sendProblem, serverError } from './horizon/problem.ts';
import type { Exchange, Handler } from './http.ts';
import { answerOverHttp, RPC_BODY_BYTES_MAX } from './rpc/http-rules.ts';
import { callMethod, type Params, RpcError, type RpcMethods } from './rpc/json-rpc.ts';

export type RouterDeps = {
  methods: RpcMethods;
  friendbot: Friendbot;
  horizon: Horizon;
  baseUrl: () => string;
  gate: Gate;
  /** Undefined where the network takes no orders over the wire. */
  control: Control | undefined;
  log: Log;
};

/** RPC at /rpc and as POST on /, friendbot at /friendbot, Horizon everywhere else. */
export function createRouter(deps: RouterDeps): Handler {
  const { horizon } = deps;
  return {
    bodyBytesMax: (req, url) => (isRpc(req.method, url) ? RPC_BODY_BYTES_MAX : HORIZON_BODY_BYTES_MAX),
    async answer(exchange) {
      const { req, url } = exchange;
      if (isRpc(req.method, url)) return answerRpcOver(exchange, deps);
      if (url.pathname !== '/friendbot') return behindGate(exchange, deps, horizon.targets(exchange), horizon.answer);
      return behindGate(exchange, deps, ['friendbot', 'horizon'], (met) =>
        answerFriendbot(met, deps.friendbot, baseOf(req, deps.baseUrl())),
      );
    },
  };
}

function isRpc(method: string | undefined, { pathname }: URL): boolean {
  return pathname === '/rpc' || (pathname === '/' && method === 'POST');
}

async function behindGate(
  exchange: Exchange,
  { gate, log }: RouterDeps,
  targets: readonly string[],
  answer: Horizon['answer'],
): Promise<void> {
  try {
    const chain = await gate.meet(exchange, [...targets, '*']);
    if (chain) await answer(exchange, chain);
  } catch (error) {
    // An answer that has begun can only be cut, which whoever called this does.
    if (exchange.res.headersSent) throw error;
    if (!(error instanceof FaultError)) log.error({ err: error }, 'a request of Horizon or friendbot failed');
    sendProblem(exchange.res, serverError(error instanceof Error ? error.message : String(error)));
  }
}

async function answerRpcOver(exchange: Exchange, { methods, gate, control, log }: RouterDeps): Promise<void> {
  const call = async (method: string, params: Params): Promise<unknown> => {
    if (control?.has(method)) return control.call(method, params);
    const chain = await gate.meet(exchange, [method, 'rpc', '*']).catch((error: unknown) => {
      if (!(error instanceof FaultError)) throw error;
      throw new RpcError(error.code ?? 'internalError', error.message);
    });
    // Where the fault was all of the answer, nobody hears what the method says.
    return chain && callMethod(methods, method, params, chain);
  };
  await answerOverHttp(exchange, call, log);
}
