import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/clock.ts';

/** A service that is sold, never dies, and writes down each call that reaches it under the account that the gateway names. */
export type Service = {
  port: number;
  /** Ids of the calls that arrived, one for each arrival, by account. */
  arrived: Map<string, string[]>;
  close(): void;
};

/** How the service itself fails: no status that the gateway has for a failure of its own. */
export const ownFailure = 501;

/** Answers at once, late, in two parts, with a failure, or breaks off, so that kills fall into every part of a call. */
export async function startService(): Promise<Service> {
  const arrived = new Map<string, string[]>();
  let count = 0;
  const server = createServer((req, res) => {
    const account = String(req.headers['callora-account']);
    const ids = arrived.get(account) ?? [];
    ids.push(String(req.headers['callora-call']));
    arrived.set(account, ids);
    const kind = ++count % 8;
    if (kind === 7) {
      res.writeHead(ownFailure).end('{}');
      return;
    }
    res.writeHead(200, { 'content-type': 'text/plain', 'content-length': '10' });
    if (kind < 3) res.end('helloworld');
    else if (kind === 6) res.write('hello', () => res.destroy());
    else void systemClock.sleep(kind * 2).then(() => res.end(kind === 5 ? 'helloworld' : 'worldhello'));
    if (kind === 4) res.flushHeaders();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    arrived,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
