import type { Clock } from '../clock.ts';

export type FetchBounds = {
  /** The longest wait for the whole answer, ms. */
  timeoutMs: number;
  /** The most the answer may weigh. */
  bytesMax: number;
  clock: Clock;
  fetch?: typeof globalThis.fetch | undefined;
};

export type FetchAnswer = { status: number; headers: Headers; text: string };

export class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError';
}

/** One request whose answer is bounded in time and size. No redirect is followed: the operator named the server. */
export async function boundedFetch(
  url: string,
  init: RequestInit,
  { timeoutMs, bytesMax, clock, fetch = globalThis.fetch }: FetchBounds,
  signal?: AbortSignal,
): Promise<FetchAnswer> {
  const timer = new AbortController();
  const waiting = new AbortController();
  void clock.sleep(timeoutMs, waiting.signal).then(() => {
    if (!waiting.signal.aborted) timer.abort(new Error(`no answer within ${timeoutMs} ms`));
  });
  try {
    const response = await fetch(url, {
      ...init,
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, timer.signal]) : timer.signal,
    });
    return { status: response.status, headers: response.headers, text: await readText(response, bytesMax) };
  } finally {
    // With a reason: an error of its own, with its stack, would be made for each answer, and nobody sees it.
    waiting.abort('answered');
  }
}

async function readText(response: Response, bytesMax: number): Promise<string> {
  if (!response.body) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > bytesMax) throw new AnswerTooLargeError(`the answer is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What went wrong with a request, in one line for the log. */
export function fetchFault(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
