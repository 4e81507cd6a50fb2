/** Server-sent events: answers that go on as ledgers close. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { Chain } from '../ledger/chain.ts';
import { HorizonRefusal } from './problem.ts';

/** Horizon ends a stream after this time; clients come again with their last cursor. What they left unread has as long again. */
const STREAM_MS = 55_000;

/**
 * A stream is cut off when a ledger closes and more than this is still unsent from before: 200 records of the usual size
 * are half of it, so whoever is that far behind does not read, and who does comes again with its last cursor.
 */
export const STREAM_UNSENT_BYTES_MAX = 1_048_576;

export type StreamEvent = { id?: string; data: unknown };

/** An error of a client that holds a stream open is no problem document any more: it is one line. */
const UNEXPECTED = 'Unexpected stream error';

/**
 * Sends what `next` gives now and after each ledger, up to `limit` events. Resolves when all of the stream was sent, or
 * cut off; a refusal before its first byte is thrown on, for an answer of its own.
 */
export async function serveStream(
  res: ServerResponse,
  { chain, clock }: { chain: Pick<Chain, 'onClosed'>; clock: Clock },
  limit: number,
  next: () => StreamEvent[],
): Promise<void> {
  const ended = new AbortController();
  let left = limit;
  let failure: string | undefined;

  function send(events: readonly StreamEvent[]): void {
    for (const { id, data } of events.slice(0, left)) {
      left -= 1;
      res.write(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
    }
    if (left === 0) ended.abort();
  }

  const first = next();
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  res.write('retry: 1000\nevent: open\ndata: "hello"\n\n');
  send(first);
  const stop = chain.onClosed(() => {
    if (ended.signal.aborted) return;
    if (res.writableLength > STREAM_UNSENT_BYTES_MAX) return void res.destroy();
    try {
      send(next());
    } catch (error) {
      failure = error instanceof HorizonRefusal ? error.line : UNEXPECTED;
      ended.abort();
    }
  });
  res.once('close', () => ended.abort());
  if (res.destroyed) ended.abort();
  await clock.sleep(STREAM_MS, ended.signal);
  stop();
  // The short time lets clients come again at once, with the cursor of what they have seen.
  res.end(failure ? `event: error\ndata: ${failure}\n\n` : 'retry: 10\nevent: close\ndata: "byebye"\n\n');
  await sentOrCutOff(res, clock);
}

async function sentOrCutOff(res: ServerResponse, clock: Clock): Promise<void> {
  const closed = new AbortController();
  res.once('close', () => closed.abort());
  if (res.closed) closed.abort();
  await clock.sleep(STREAM_MS, closed.signal);
  if (!closed.signal.aborted) res.destroy();
}
