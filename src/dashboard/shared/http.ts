/** Asks this page's own server. A refusal is a value with the code and text of its problem document, never an exception. */
export type Answer<Value> = { ok: true; value: Value } | { ok: false; status: number; code: string; detail: string };

export type Ask = {
  method?: 'GET' | 'POST' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
};

/** Reading takes a moment; settling and comparing wait for the chain, up to a minute. */
const readMs = 20_000;
const actMs = 100_000;

export async function ask<Value>(path: string, options: Ask = {}): Promise<Answer<Value>> {
  const { method = 'GET', body, headers = {}, signal } = options;
  const late = AbortSignal.timeout(method === 'GET' ? readMs : actMs);
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  try {
    const response = await fetch(path, {
      method,
      headers: { accept: 'application/json', ...json, ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, late]) : late,
      credentials: 'same-origin',
    });
    const value: unknown = response.status === 204 ? undefined : await response.json();
    return response.ok ? { ok: true, value: value as Value } : refusal(response.status, value);
  } catch (error) {
    if (signal?.aborted) return { ok: false, status: 0, code: 'aborted', detail: 'no longer wanted' };
    const detail = error instanceof SyntaxError ? 'the answer is not JSON' : 'the gateway does not answer';
    return { ok: false, status: 0, code: 'unreachable', detail };
  }
}

function refusal(status: number, value: unknown): Answer<never> {
  const { code, detail, title } = (value ?? {}) as { code?: string; detail?: string; title?: string };
  return { ok: false, status, code: code ?? 'internal', detail: detail ?? title ?? `the gateway answered ${status}` };
}
