/** Answers to requests: one, or a batch of which those that could not be called come first. */
import type { Log } from '../../log.ts';
import { type Params, RpcError } from './json-rpc.ts';
import type { Request, Requests } from './request.ts';

export type Call = (method: string, params: Params) => unknown;

/**
 * The answer as JSON text; undefined where there is nothing to answer: notifications, and a batch of nothing. Never
 * rejects: whatever goes wrong is in the answer.
 */
export async function answerRequests({ batch, list }: Requests, call: Call, log: Log): Promise<string | undefined> {
  const refused = list.flatMap(({ id, refused: why }) => (why ? [errorText(id, why)] : []));
  const called: string[] = [];
  // One after another: what a batch sends takes effect in its order.
  for (const request of list) {
    if (request.refused) continue;
    const text = await answerOf(request, call, log);
    // A notification takes effect and is not answered.
    if (request.id !== undefined) called.push(text);
  }
  const answers = [...refused, ...called];
  if (answers.length === 0) return undefined;
  return batch ? `[${answers.join(',')}]` : answers[0];
}

async function answerOf({ id, method, params }: Request, call: Call, log: Log): Promise<string> {
  try {
    const result = JSON.stringify((await call(method, params)) ?? null);
    return `{"jsonrpc":"2.0","id":${id ?? null},"result":${result}}`;
  } catch (error) {
    if (error instanceof RpcError) return errorText(id, error);
    log.error({ err: error }, 'an RPC method failed');
    return errorText(id, new RpcError('systemError', error instanceof Error ? error.message : String(error)));
  }
}

function errorText(id: string | undefined, { code, message, data }: RpcError): string {
  const error = JSON.stringify({ code, message, data });
  return `{"jsonrpc":"2.0","id":${id ?? null},"error":${error}}`;
}
