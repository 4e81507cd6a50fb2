import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { createLedger } from '../../src/billing/ledger.ts';
import { AnswerWriter } from '../../src/gateway/answer-writer.ts';
import { newEnd } from '../../src/gateway/call-record.ts';
import { ClientConnection } from '../../src/gateway/client-connection.ts';
import { createCorsRules } from '../../src/gateway/cors.ts';
import type { Exchange } from '../../src/gateway/exchange.ts';
import { unreadHead } from '../../src/gateway/head.ts';
import { prepareRoute } from '../../src/gateway/prepared.ts';
import { replay } from '../../src/gateway/replay.ts';
import { createByteBudget, createByteShares } from '../../src/limits/byte-budget.ts';
import { units, zero } from '../../src/money.ts';
import { limits, makeConfig } from './make-config.ts';

/** A kept answer on its way to a client whose reading a test holds in its hands, on a clock of the test's. */

const body = Buffer.alloc(1024 * 1024, 'x');

/** Takes one write at a time, each when the test says so: a connection with no buffers of its own. */
class SlowClient extends Duplex {
  taken = '';
  #take: (() => void) | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#take = () => {
      this.taken += chunk.toString('latin1');
      done();
    };
  }

  /** Reads what lies ready, with all that follows in the same turn. */
  async readOn(): Promise<void> {
    const take = this.#take;
    this.#take = undefined;
    take?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function begin() {
  const client = new SlowClient();
  let nowMs = 0;
  const connection = new ClientConnection(client, client as unknown as Socket, '192.0.2.1', limits, {
    onRequest() {},
    onFault() {},
    nowMs: () => nowMs,
  });
  const config = makeConfig([{ origin: 'http://127.0.0.1:1', price: '0.1' }]);
  const answer = new AnswerWriter(client, connection.reset, () => 'Thu, 01 Jan 1970 00:00:00 GMT');
  const exchange = {
    answer,
    connection,
    config,
    head: unreadHead,
    end: newEnd(),
    fields: [],
    requestId: 'r',
    clientGone: false,
    cutOff: false,
    onGone: undefined,
    onDrain: undefined,
  } as unknown as Exchange;
  client.emit('data', Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
  connection.begin(exchange);
  client.on('close', () => connection.leave());
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 0 });
  const account = ledger.open({ id: 1, address: 'GACCOUNT', deposited: zero, limit: units(2n ** 50n) });
  const [route] = config.apis[0]?.routes ?? [];
  if (!route) throw new Error('the API has no route');
  const memory = { budget: createByteBudget(), shares: createByteShares<typeof account>() };
  const deps = { ...memory, ledger, prepared: () => prepareRoute(route, () => 1), corsOf: createCorsRules };
  const over = vi.fn();
  void Promise.resolve(replay(deps, exchange, route, account, 7, { status: 200, fields: [], body })).then(over);
  return {
    client,
    exchange,
    budget: memory.budget,
    over,
    /** Time passes, and the connection is looked at. */
    pass(ms: number) {
      nowMs += ms;
      connection.checkTime(nowMs);
    },
  };
}

it('a replay goes on for as long as its client reads, however long all of it takes', async () => {
  const { client, exchange, budget, over, pass } = begin();
  let reads = 0;
  while (!client.destroyed && over.mock.calls.length === 0 && reads < 1_000) {
    pass(limits.bodyIdleTimeoutMs / 3);
    await client.readOn();
    reads++;
  }
  expect([client.destroyed, exchange.end.outcome]).toEqual([false, 'replayed']);
  expect(reads).toBeGreaterThan(10);
  expect(client.taken.endsWith(`\r\n\r\n${body.toString('latin1')}`)).toBe(true);
  expect([exchange.end.bytesOut, budget.taken()]).toEqual([body.length, 0]);
});

it('a replay whose client stops reading is cut off, and gives its memory back', async () => {
  const { client, exchange, budget, over, pass } = begin();
  await client.readOn();
  await client.readOn();
  expect(budget.taken()).toBe(body.length);
  pass(limits.bodyIdleTimeoutMs);
  await client.readOn();
  expect([client.destroyed, over.mock.calls.length, exchange.end.outcome]).toEqual([true, 1, 'client_gone']);
  expect(exchange.end.bytesOut).toBeLessThan(body.length);
  expect(budget.taken()).toBe(0);
});
