import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createHorizon, type Horizon } from '../../src/stellar/horizon.ts';

const account = 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN';
const root = {
  network_passphrase: 'Test net',
  history_latest_ledger: 500,
  history_latest_ledger_closed_at: '2026-11-20T10:00:00Z',
  history_elder_ledger: 3,
};

async function horizonWith(
  answer: (req: IncomingMessage, res: ServerResponse) => void,
  timeoutMs = 2_000,
): Promise<Horizon> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return createHorizon({ url: `http://127.0.0.1:${port}/`, passphrase: 'Test net', clock: systemClock, timeoutMs });
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  horizonWith((_, res) => void res.writeHead(status, headers).end(JSON.stringify(body)));

const page = (horizon: Horizon) => horizon.payments({ account, cursor: '77', limit: 2 });

describe('the Horizon client', () => {
  it('asks for payments in the order of the chain, with their transactions, behind the cursor', async () => {
    let asked = '';
    const horizon = await horizonWith((req, res) => {
      asked = req.url ?? '';
      res.end(JSON.stringify({ _embedded: { records: [{ id: '1' }] } }));
    });
    expect(await page(horizon)).toEqual([{ id: '1' }]);
    expect(asked).toBe(`/accounts/${account}/payments?order=asc&limit=2&join=transactions&cursor=77`);
    await horizon.payments({ account, cursor: undefined, limit: 200 });
    expect(asked).not.toContain('cursor');
  });

  it('reads which ledgers the server has', async () => {
    expect(await (await json(200, root)).root()).toEqual({
      latestLedger: 500,
      latestClosedAtMs: Date.parse('2026-11-20T10:00:00Z'),
      elderLedger: 3,
    });
  });

  it('refuses a server of another network', async () => {
    const horizon = await json(200, { ...root, network_passphrase: 'Other net' });
    await expect(horizon.root()).rejects.toMatchObject({ failure: 'wrong_network' });
  });

  it.each([
    ['no latest ledger', { history_latest_ledger: '500' }],
    ['a first ledger after the last', { history_elder_ledger: 501 }],
    ['no close time', { history_latest_ledger_closed_at: 'soon' }],
  ])('refuses a root with %s', async (_, change) => {
    await expect((await json(200, { ...root, ...change })).root()).rejects.toMatchObject({ failure: 'unreadable' });
  });

  it.each<[string, (req: IncomingMessage, res: ServerResponse) => void]>([
    ['resets the connection', (_, res) => void res.destroy()],
    ['answers HTML', (_, res) => void res.end('<html>down for maintenance</html>')],
    ['answers 502 with HTML', (_, res) => void res.writeHead(502).end('<html></html>')],
    ['cuts its JSON', (_, res) => void res.end('{"_embedded":{"records":[{"id":"1"')],
    ['answers a list', (_, res) => void res.end('[]')],
    [
      'still ingests',
      (_, res) => void res.writeHead(503).end(JSON.stringify({ status: 503, title: 'Still Ingesting' })),
    ],
    ['redirects', (_, res) => void res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
  ])('takes nothing from a server that %s', async (_, answer) => {
    await expect(page(await horizonWith(answer))).rejects.toMatchObject({ failure: 'transport' });
  });

  it('gives up on a server that never answers', async () => {
    await expect(page(await horizonWith(() => undefined, 50))).rejects.toMatchObject({ failure: 'transport' });
  });

  it.each([
    [404, 'not_found'],
    [410, 'gone'],
    [400, 'refused'],
    [500, 'transport'],
  ])('names a %i', async (status, failure) => {
    const horizon = await json(status, { status, title: 'No', detail: 'because' });
    await expect(page(horizon)).rejects.toMatchObject({ failure, message: expect.stringContaining('because') });
  });

  it.each([
    ['30', 30_000],
    ['0', 1_000],
    ['999999999', 3_600_000],
    ['', 60_000],
    ['whenever', 60_000],
  ])('hears a 429 with retry-after %j', async (retryAfter, retryAfterMs) => {
    const horizon = await horizonWith(
      (_, res) => void res.writeHead(429, { 'retry-after': retryAfter }).end('<html>slow down</html>'),
    );
    await expect(page(horizon)).rejects.toMatchObject({ failure: 'throttled', retryAfterMs });
  });

  it.each([
    ['no records', { _embedded: {} }],
    ['no list', { records: [] }],
    ['more records than asked for', { _embedded: { records: [1, 2, 3] } }],
  ])('refuses a page with %s', async (_, body) => {
    await expect(page(await json(200, body))).rejects.toMatchObject({ failure: 'unreadable' });
  });

  it('stops reading an answer without end', async () => {
    const piece = 'x'.repeat(1 << 20);
    const horizon = await horizonWith((_, res) => {
      const more = () => {
        while (!res.destroyed && res.write(piece));
      };
      res.on('drain', more);
      more();
    }, 20_000);
    await expect(page(horizon)).rejects.toMatchObject({ failure: 'too_large' });
  });
});
