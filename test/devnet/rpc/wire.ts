/** RPC as it goes over the wire, without a client between. */
export type RpcReply = { id: unknown; result?: unknown; error?: { code: number; message: string; data?: unknown } };

export async function postText(url: string, body: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

export async function call(url: string, method: string, params?: unknown): Promise<RpcReply> {
  const { text } = await postText(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  return JSON.parse(text) as RpcReply;
}

/** The result, or an Error with what was answered instead. */
export async function resultOf(url: string, method: string, params?: unknown): Promise<Record<string, unknown>> {
  const { result, error } = await call(url, method, params);
  if (error) throw new Error(`${method}: ${error.code} ${error.message}`);
  return result as Record<string, unknown>;
}
