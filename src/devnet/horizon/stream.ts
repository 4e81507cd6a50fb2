/** Server-sent events: a page that goes on as ledgers close. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { Chain } from '../ledger/chain.ts';

/** Horizon ends a stream after this time; clients come again with their last cursor. */
const STREAM_MS = 55_000;

export type StreamRecord = { paging_token?: unknown };

/** Sends what `after` gives now and after each ledger, up to `limit` records. Resolves when the stream has ended. */
export async function streamRecords(
  res: ServerResponse,
  deps: { chain: Chain; clock: Clock },
  limit: number,
  from: bigint,
  after: (cursor: bigint) => Record<string, unknown>[],
): Promise<void> {
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  res.write('retry: 1000\nevent: open\ndata: "hello"\n\n');
  const ended = new AbortController();
  let cursor = from;
  let left = limit;

  function send(): void {
    for (const record of after(cursor).slice(0, left)) {
      cursor = BigInt(String(record.paging_token));
      left -= 1;
      res.write(`id: ${cursor}\ndata: ${JSON.stringify(record)}\n\n`);
    }
    if (left === 0) ended.abort();
  }

  const stop = deps.chain.onClosed(send);
  res.once('close', () => ended.abort());
  if (res.destroyed) ended.abort();
  send();
  await deps.clock.sleep(STREAM_MS, ended.signal);
  stop();
  res.end('event: close\ndata: "byebye"\n\n');
}
