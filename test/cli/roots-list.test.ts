import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fetchRoots } from '../../src/cli/roots-list.ts';
import { fakeClock } from '../../src/clock.ts';
import { problem } from '../../src/errors.ts';

const head = { version: 'callora.roots.v1', network_passphrase: 'Test', vault: 'C' };
const root = (batch: number) => ({ batch, root: String(batch).padStart(64, '0'), tx_hash: null, ledger: batch });

type Reply = { status: number; body: unknown };

/** A gateway that answers these, one after the other. */
async function gateway(replies: Reply[]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = http.createServer((req, res) => {
    asked.push(req.url ?? '');
    const { status, body } = replies[asked.length - 1] ?? { status: 500, body: {} };
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const part = (after: number, batches: number[], next: string | null): Reply => ({
  status: 200,
  body: { ...head, lane: 0, after: { batch: after, chain: null }, roots: batches.map(root), next },
});

describe('a list of roots', () => {
  it('is joined from its parts, and keeps a gap as a gap', async () => {
    const { url, asked } = await gateway([part(0, [1, 2], '2'), part(2, [3], '3'), part(7, [8], null)]);
    const list = await fetchRoots(fakeClock(), url, 0);
    expect(list.parts.map(({ after, roots }) => [after.batch, roots.map(({ batch }) => batch)])).toEqual([
      [0, [1, 2, 3]],
      [7, [8]],
    ]);
    expect(asked.at(-1)).toBe('/_callora/roots?lane=0&cursor=3');
  });

  it('waits when the gateway rations its parts, and gives up when it never stops', async () => {
    const rationed: Reply = { status: 429, body: problem('rate_limited', 'later') };
    const clock = { sleep: async () => undefined };
    const { url, asked } = await gateway([rationed, rationed, part(0, [1], null)]);
    expect((await fetchRoots(clock, url, 0)).parts).toHaveLength(1);
    expect(asked).toHaveLength(3);
    const never = await gateway(Array.from({ length: 100 }, () => rationed));
    await expect(fetchRoots(clock, never.url, 0)).rejects.toThrow('rate_limited');
    expect(never.asked.length).toBeLessThan(100);
  });

  it('that never ends, or is none, is refused', async () => {
    const clock = fakeClock();
    const endless = await gateway(Array.from({ length: 2_100 }, () => part(0, [], '0')));
    await expect(fetchRoots(clock, endless.url, 0)).rejects.toThrow('more than 2000 parts');
    const none = await gateway([{ status: 200, body: { hello: 1 } }]);
    await expect(fetchRoots(clock, none.url, 0)).rejects.toThrow('no list of roots');
  });
});
