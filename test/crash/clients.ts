import { Agent, request } from 'node:http';
import { systemClock } from '../../src/clock.ts';

/** What clients know of their calls. */
export type ClientBook = {
  /** How many call at a time. */
  clients: number;
  /** Ids of answers with a 2xx head: each is a call that was served. */
  served: Set<string>;
  /** Served calls whose answer came to its end. */
  whole: number;
  /** Answers of other statuses, by status. */
  others: Map<number, number>;
  /** Calls under way now. */
  inFlight: number;
  /** No further calls until `resume`; resolves when none is under way. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
};

/** So many clients call without a pause, over connections they keep; one that gets nothing tries again. */
export function startClients(count: number, url: string, token: () => string): ClientBook {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  let over = false;
  let paused = false;
  const book: ClientBook = {
    clients: count,
    served: new Set(),
    whole: 0,
    others: new Map(),
    inFlight: 0,
    async pause() {
      paused = true;
      while (book.inFlight > 0) await systemClock.sleep(5);
    },
    resume() {
      paused = false;
    },
    async stop() {
      over = true;
      await Promise.all(running);
      agent.destroy();
    },
  };
  const running = Array.from({ length: count }, async () => {
    while (!over) if (paused || !(await callOnce(agent, url, token(), book))) await systemClock.sleep(5);
  });
  return book;
}

/** False when nothing was served. */
function callOnce(agent: Agent, url: string, token: string, book: ClientBook): Promise<boolean> {
  book.inFlight++;
  return new Promise((resolve) => {
    let served = false;
    const end = () => {
      book.inFlight--;
      resolve(served);
    };
    const sent = request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      const { statusCode = 0, headers } = answer;
      served = statusCode >= 200 && statusCode < 300;
      if (served) book.served.add(String(headers['callora-call']));
      else book.others.set(statusCode, (book.others.get(statusCode) ?? 0) + 1);
      answer.on('error', () => undefined);
      if (served) answer.on('end', () => book.whole++);
      answer.resume();
    });
    sent.on('error', () => undefined);
    sent.once('close', end);
    sent.end();
  });
}
