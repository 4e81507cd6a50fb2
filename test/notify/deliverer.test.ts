import { describe, expect, it, onTestFinished } from 'vitest';
import type { Webhook } from '../../src/catalog/model.ts';
import type { FakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createDeliverer, pauseMs, triesMax } from '../../src/notify/deliverer.ts';
import { postTimeoutMs } from '../../src/notify/post.ts';
import type { Store } from '../../src/store/store.ts';
import { openTestStore } from '../store/rig.ts';
import { until } from '../support/until.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const hour = 3_600_000;

async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...args);
  onTestFinished(() => started.close());
  return started;
}

function endpoint(name: string, url: string): Webhook {
  return { name, url, secret: 'a secret of the receiver', events: ['watcher.lag'], allowPrivate: true };
}

function deliver(store: Store, clock: FakeClock, endpoints: Webhook[]) {
  const tried: string[] = [];
  const deliverer = createDeliverer({
    clock,
    log: silentLog(),
    webhooks: store.webhooks,
    endpoints,
    version: '1.2.3',
    onTried: (outcome) => void tried.push(outcome),
    onRoom: () => undefined,
    random: () => 0,
  });
  onTestFinished(() => deliverer.stop());
  return { deliverer, tried };
}

function tell(store: Store, dedupe: string, ...endpoints: string[]): void {
  store.webhooks.tell({ kind: 'watcher.lag', dedupe, payload: '{"age_s":130}', endpoints });
}

describe('a delivery', () => {
  it('is sent once, signed, with its ids, and is marked as delivered', async () => {
    const { store, clock } = openTestStore();
    const { url, got } = await receiver();
    const { deliverer, tried } = deliver(store, clock, [endpoint('ops', url)]);
    tell(store, 'a', 'ops');
    deliverer.turn();
    deliverer.turn();
    await until(() => tried.length === 1);
    deliverer.turn();
    expect(got).toHaveLength(1);
    expect(got[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'callora-event': 'watcher.lag',
      'callora-delivery': 'dlv_1',
      'callora-signature': expect.stringMatching(/^t=1800000000,v1=[0-9a-f]{64}$/),
      'user-agent': 'callora/1.2.3',
    });
    expect(JSON.parse(got[0]?.body ?? '')).toEqual({
      id: 'evt_1',
      kind: 'watcher.lag',
      time: '2027-01-15T08:00:00.000Z',
      data: { age_s: 130 },
    });
    expect(store.webhooks.list({ dead: false, limit: 9 })).toMatchObject([
      { state: 'delivered', attempts: 1, lastStatus: 200, lastError: null },
    ]);
  });

  it('is tried again later after an error, a broken connection and a silence, each time with the same id', async () => {
    const { store, clock } = openTestStore();
    const { url, got } = await receiver((res, index) => {
      if (index === 0) res.writeHead(500).end();
      else if (index === 1) res.socket?.destroy();
      else if (index > 2) res.end();
    });
    const { deliverer, tried } = deliver(store, clock, [endpoint('ops', url)]);
    tell(store, 'a', 'ops');
    deliverer.turn();
    await until(() => tried.length === 1);
    deliverer.turn();
    expect(got).toHaveLength(1);

    clock.advance(pauseMs(1, 0));
    deliverer.turn();
    await until(() => tried.length === 2);

    clock.advance(pauseMs(2, 0));
    deliverer.turn();
    await until(() => got.length === 3);
    clock.advance(postTimeoutMs);
    await until(() => tried.length === 3);
    expect(store.webhooks.list({ dead: false, limit: 9 })).toMatchObject([
      { state: 'waiting', attempts: 3, lastError: 'no answer within 10 s' },
    ]);

    clock.advance(pauseMs(3, 0));
    deliverer.turn();
    await until(() => tried.length === 4);
    expect(tried).toEqual(['failed', 'failed', 'failed', 'delivered']);
    expect(new Set(got.map(({ headers }) => headers['callora-delivery']))).toEqual(new Set(['dlv_1']));
    expect(new Set(got.map(({ headers }) => headers['callora-signature'])).size).toBe(4);
  });

  it('is given up after about a day, stays in the list, and is sent again when it is replayed', async () => {
    const { store, clock } = openTestStore();
    let down = true;
    const { url, got } = await receiver((res) => void res.writeHead(down ? 503 : 204).end());
    const { deliverer, tried } = deliver(store, clock, [endpoint('ops', url)]);
    tell(store, 'a', 'ops');
    const beganMs = clock.nowMs();
    for (let tries = 1; tries <= triesMax; tries++) {
      deliverer.turn();
      await until(() => tried.length === tries);
      if (tries < triesMax) clock.advance(pauseMs(tries, 0));
    }
    expect(clock.nowMs() - beganMs).toBeGreaterThan(20 * hour);
    expect(clock.nowMs() - beganMs).toBeLessThan(26 * hour);
    expect(store.webhooks.counts()).toEqual({ waiting: 0, dead: 1 });
    expect(store.webhooks.list({ dead: true, limit: 9 })).toMatchObject([{ id: 1, lastStatus: 503 }]);

    down = false;
    expect(store.webhooks.replay({ event: 1 })).toBe(1);
    deliverer.turn();
    await until(() => tried.length === triesMax + 1);
    expect(tried.at(-1)).toBe('delivered');
    expect(got.at(-1)?.headers['callora-delivery']).toBe('dlv_1');
  });

  it('survives the end of the process: what was not delivered is sent by the next one, what was is not', async () => {
    const { store, clock, file } = openTestStore();
    let silent = true;
    const { url, got } = await receiver((res) => {
      if (!silent) res.end();
    });
    const first = deliver(store, clock, [endpoint('ops', url)]);
    tell(store, 'a', 'ops');
    first.deliverer.turn();
    await until(() => got.length === 1);
    await first.deliverer.stop();
    expect(first.tried).toEqual([]);
    await store.close();

    const again = openTestStore({ path: file });
    silent = false;
    const second = deliver(again.store, again.clock, [endpoint('ops', url)]);
    second.deliverer.turn();
    await until(() => second.tried.length === 1);
    second.deliverer.turn();
    expect(got.map(({ headers }) => headers['callora-delivery'])).toEqual(['dlv_1', 'dlv_1']);
    expect(again.store.webhooks.list({ dead: false, limit: 9 })).toMatchObject([{ state: 'delivered', attempts: 1 }]);
  });

  it('to an endpoint that the config file no longer has is given up at once', () => {
    const { store, clock } = openTestStore();
    const { deliverer, tried } = deliver(store, clock, []);
    tell(store, 'a', 'gone');
    deliverer.turn();
    expect(tried).toEqual(['failed']);
    expect(store.webhooks.list({ dead: true, limit: 9 })).toMatchObject([
      { lastError: 'the config file has no endpoint of this name' },
    ]);
  });
});

describe('a receiver that hangs', () => {
  it('holds two tries at the most, and none of the others', async () => {
    const { store, clock } = openTestStore();
    const hanging = await receiver(() => undefined);
    const well = await receiver();
    const { deliverer, tried } = deliver(store, clock, [endpoint('bad', hanging.url), endpoint('good', well.url)]);
    for (let at = 0; at < 300; at++) tell(store, `bad ${at}`, 'bad');
    tell(store, 'good', 'good');
    deliverer.turn();
    await until(() => tried.length === 1 && hanging.got.length === 2);
    deliverer.turn();
    expect(well.got).toHaveLength(1);
    expect(hanging.connections()).toBe(2);
  });
});

describe('pauses', () => {
  it('double, end at two hours, and lose up to a quarter at random', () => {
    expect([1, 2, 3, 10, 11, 19].map((tries) => pauseMs(tries, 0))).toEqual([
      10_000, 20_000, 40_000, 5_120_000, 7_200_000, 7_200_000,
    ]);
    expect(pauseMs(1, 1)).toBe(7_500);
  });
});
