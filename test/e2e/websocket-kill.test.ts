import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { parseUsdc, units, zero } from '../../src/money.ts';
import { createRpc } from '../../src/stellar/rpc.ts';
import { createVault } from '../../src/stellar/vault-client.ts';
import { openStore } from '../../src/store/store.ts';
import { settleAll } from '../crash/compare.ts';
import { type GatewayRun, issueToken, startGateway } from '../crash/gateway.ts';
import { openShop, type Shop } from '../crash/shop.ts';
import { callora } from '../support/callora-process.ts';
import { type SocketService, startSocketService } from '../support/socket-service.ts';

/** Open WebSockets, paid by the message and by the minute, and a gateway that is killed under them. */

const messagePrice = 10_000n;
const minutePrice = 100_000n;
/** Each client sends on when it has heard back: so many messages of one are under way at a kill, at the most. */
const aheadMax = 4;
const byMessage = 3;
const byMinute = 2;
const rounds = 2;
const messagesPerRound = 300;

let shop: Shop;
let service: SocketService;
let gateway: GatewayRun;
let token: string;

beforeAll(async () => {
  shop = await openShop();
  service = await startSocketService();
  const yaml = readFileSync(shop.config, 'utf8').trimEnd();
  const payee = /payee: (\S+)/.exec(yaml)?.[1];
  writeFileSync(
    shop.config,
    `${yaml}
  - name: live
    payee: ${payee}
    mount: /live
    upstream: ${service.origin}
    allow_private: true
    routes:
      - { match: "GET /message", websocket: { price: "0.001", per: message } }
      - { match: "GET /minute", websocket: { price: "0.01", per: minute } }
`,
  );
  gateway = await startGateway(shop);
  token = await issueToken(shop);
});

afterAll(async () => {
  await gateway?.end('SIGKILL');
  await service?.close();
  await shop?.close();
});

type Client = { sent: number; heard: number; closed: Promise<CloseEvent> };

/** Speaks until its connection is gone. Node's client takes header fields, which the types of browsers do not know. */
async function speak(path: string, name: string): Promise<Client> {
  const options = { headers: { authorization: `Bearer ${token}` } } as unknown as string[];
  const socket = new WebSocket(new URL(path, shop.url.replace('http', 'ws')), options);
  const client: Client = {
    sent: 0,
    heard: 0,
    closed: once(socket, 'close').then(([event]) => event as CloseEvent),
  };
  const say = () => {
    while (client.sent - client.heard < aheadMax) socket.send(`${name} ${client.sent++}`);
  };
  socket.addEventListener('message', () => {
    client.heard++;
    say();
  });
  await once(socket, 'open');
  say();
  return client;
}

/** Connects all clients, kills the gateway while they speak, and starts it again. */
async function killUnder(round: number): Promise<Client[]> {
  const wanted = service.heard('/message').length + messagesPerRound;
  const names = (count: number, kind: string) => Array.from({ length: count }, (_, i) => `${kind} ${round}.${i}`);
  const clients = await Promise.all([
    ...names(byMessage, 'message').map((name) => speak('/live/message', name)),
    ...names(byMinute, 'minute').map((name) => speak('/live/minute', name)),
  ]);
  await service.hears('/message', wanted);
  await gateway.end('SIGKILL');
  const ends = await Promise.all(clients.map(({ closed }) => closed));
  expect(ends.map(({ code, wasClean }) => [code, wasClean])).toEqual(clients.map(() => [1006, false]));
  await service.allGone();
  gateway = await startGateway(shop);
  return clients.slice(0, byMessage);
}

/** What the account has been charged in all, as the gateway says that runs now. */
async function charged(): Promise<bigint> {
  const shown = await callora(['account', 'show', shop.consumer, '--config', shop.config, '--json']);
  return parseUsdc(JSON.parse(shown.stdout).charged) ?? zero;
}

it('a gateway killed under open WebSockets has charged what the upstream counts, nothing twice, and settles it', async () => {
  const clients: Client[] = [];
  for (let round = 1; round <= rounds; round++) {
    clients.push(...(await killUnder(round)));
    const served = BigInt(service.heard('/message').length);
    const minutes = BigInt(byMinute * round) * minutePrice;
    const sent = BigInt(clients.reduce((sum, client) => sum + client.sent, 0));
    const messages = ((await charged()) - minutes) / messagePrice;
    expect(messages).toBeGreaterThanOrEqual(served);
    expect(messages).toBeLessThanOrEqual(sent);
    expect(messages - served).toBeLessThanOrEqual(BigInt(byMessage * aheadMax * round));
  }
  const heard = service.heard('/message');
  expect(new Set(heard).size).toBe(heard.length);
  expect(service.openings('/minute')).toBe(byMinute * rounds);

  expect(await settleAll(shop)).toBe(true);
  await gateway.end('SIGTERM');
  const store = openStore({ path: shop.databaseFile, clock: systemClock, log: silentLog() });
  const count = (sql: string, ...values: unknown[]) =>
    store.db
      .prepare<unknown[], number>(sql)
      .pluck()
      .get(...values);
  const rows = 'SELECT count(*) FROM charges WHERE price = ?';
  const [messages, minutes] = [count(rows, Number(messagePrice)) ?? 0, count(rows, Number(minutePrice)) ?? 0];
  const unfinished = 'SELECT count(*) FROM charges WHERE price = ? AND id NOT IN (SELECT charge_id FROM finishes)';
  const cut = count(unfinished, Number(messagePrice)) ?? 0;
  const waiting = store.charges.unsealed().net;
  expect(minutes).toBe(byMinute * rounds);
  // A minute that ran at a kill has no end, and neither has a message whose end was not written yet.
  expect(count(unfinished, Number(minutePrice))).toBe(minutes);
  expect(messages - cut).toBeLessThanOrEqual(heard.length);
  expect(count('SELECT count(*) FROM refunds')).toBe(0);
  await store.close();

  const due = units(BigInt(messages) * messagePrice + BigInt(minutes) * minutePrice);
  const { rpcUrl: url, passphrase } = shop.devnet;
  const vault = createVault({ rpc: createRpc({ url, passphrase, clock: systemClock }), vault: shop.vault });
  expect((await vault.account(shop.consumer)).settled).toBe(due - waiting);
});
