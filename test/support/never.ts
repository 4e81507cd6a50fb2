/** The sleep of a clock for requests that wait for nothing but their answers: no time ends it, only its signal. */
export function never(_delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
}
