/** Reads server-sent events from the bare wire, so that a test sees what no client shows. */
export type WireEvent = { event?: string; id?: string; retry?: string; data?: string };

export type EventStream = {
  /** The next event; undefined at the end of the stream. */
  next(): Promise<WireEvent | undefined>;
  /** The next event that has none of the stream's own names. */
  message(): Promise<WireEvent | undefined>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Rejects when the answer is no stream. */
export async function openStream(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
  const ended = new AbortController();
  const answer = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: ended.signal });
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  const reader = answer.body?.getReader();
  let text = '';

  async function next(): Promise<WireEvent | undefined> {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        return Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s, 2)));
      }
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) return undefined;
      text += Buffer.from(value).toString('utf8');
    }
  }

  return {
    next,
    async message() {
      for (;;) {
        const event = await next();
        if (event?.event === undefined) return event;
      }
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await reader?.cancel().catch(() => undefined);
    },
  };
}
