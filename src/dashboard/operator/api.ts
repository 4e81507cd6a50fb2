import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type Answer, ask } from '../shared/http.ts';
import { type Loaded, useAnswer } from '../shared/use-answer.ts';

/** The operator API under a session. Addresses are relative, so that the page also works behind a path of a proxy. */
export type Api = {
  get<Value>(path: string, signal?: AbortSignal): Promise<Answer<Value>>;
  post<Value>(path: string, body?: unknown): Promise<Answer<Value>>;
};

const proofKey = 'callora-csrf';

/** The half of the session that this page keeps; the browser keeps the other half in a cookie. */
export function savedProof(): string | undefined {
  return localStorage.getItem(proofKey) ?? undefined;
}

export async function login(token: string): Promise<Answer<{ csrf: string }>> {
  const answer = await ask<{ csrf: string }>('../session', { method: 'POST', body: { token } });
  if (answer.ok) localStorage.setItem(proofKey, answer.value.csrf);
  return answer;
}

export async function logout(proof: string): Promise<void> {
  await ask('../session', { method: 'DELETE', headers: { 'x-callora-csrf': proof } });
  forgetProof();
}

export function forgetProof(): void {
  localStorage.removeItem(proofKey);
}

/** `onEnd` runs when the session turns out to be over. */
export function createApi(proof: string, onEnd: () => void): Api {
  const headers = { 'x-callora-csrf': proof };
  async function under<Value>(request: Promise<Answer<Value>>): Promise<Answer<Value>> {
    const answer = await request;
    if (!answer.ok && answer.status === 401) onEnd();
    return answer;
  }
  return {
    get: (path, signal) => under(ask(`../api/${path}`, { headers, signal })),
    post: (path, body = {}) => under(ask(`../api/${path}`, { method: 'POST', headers, body })),
  };
}

export const ApiContext = createContext<Api | undefined>(undefined);

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (!api) throw new Error('used outside a session');
  return api;
}

export function useGet<Value>(path: string, everyMs?: number): Loaded<Value> {
  const api = useApi();
  return useAnswer<Value>(path, (signal) => api.get(path, signal), everyMs);
}
