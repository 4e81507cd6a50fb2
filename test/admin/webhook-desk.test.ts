import { expect, it, onTestFinished } from 'vitest';
import { createRig } from './rig.ts';

async function rigged(...args: Parameters<typeof createRig>) {
  const rig = await createRig(...args);
  onTestFinished(async () => void (await rig.close()));
  return rig;
}

const event = { kind: 'watcher.lag', dedupe: 'a', payload: '{"age_s":130}', endpoints: ['ops', 'chat'] };

it('deliveries are listed newest first, and the dead ones alone', async () => {
  const { store, books } = await rigged();
  store.webhooks.tell(event);
  store.webhooks.failed(2, { status: 500, error: 'answered 500', nextAtMs: undefined });
  expect((await books.webhooks({})).items).toMatchObject([
    { delivery: 'dlv_2', event: 'evt_1', endpoint: 'chat', state: 'dead', last_error: 'answered 500', next_at: null },
    { delivery: 'dlv_1', state: 'waiting', attempts: 0, data: { age_s: 130 }, next_at: '2027-01-15T08:00:00.000Z' },
  ]);
  expect((await books.webhooks({ dead: true })).items).toMatchObject([{ delivery: 'dlv_2' }]);
});

it('a replay queues one delivery or all of an event, wakes the queue, and leaves an audit row', async () => {
  let woken = 0;
  const { store, books } = await rigged({ wakeWebhooks: () => woken++ });
  store.webhooks.tell(event);
  store.webhooks.delivered(1, 200);
  store.webhooks.failed(2, { status: undefined, error: 'no', nextAtMs: undefined });
  expect(await books.replayWebhook('dlv_2')).toEqual({ id: 'dlv_2', queued: 1 });
  expect(store.webhooks.counts()).toEqual({ waiting: 1, dead: 0 });
  expect(await books.replayWebhook('evt_1')).toEqual({ id: 'evt_1', queued: 2 });
  expect(woken).toBe(2);
  expect((await books.audit({ limit: 1 })).items).toMatchObject([{ action: 'webhook replay', subject: 'evt_1' }]);
});

it.each(['dlv_9', 'evt_9'])('a replay of %s, which is not there, is refused by name', async (id) => {
  const { books } = await rigged();
  await expect(books.replayWebhook(id)).rejects.toMatchObject({ code: 'not_found' });
});

it.each(['7', 'dlv_', 'dlv_0', 'evt_1x'])('%s names nothing that could be replayed', async (id) => {
  const { books } = await rigged();
  await expect(books.replayWebhook(id)).rejects.toMatchObject({ code: 'bad_parameter' });
});

it('a test tries one delivery now and says what came of it', async () => {
  const tried: unknown[] = [];
  const { books } = await rigged({
    tryWebhook: async (delivery) => {
      tried.push(delivery);
      return { status: 410, error: 'answered 410' };
    },
  });
  expect(await books.testWebhook('ops')).toEqual({
    delivery: 'dlv_1',
    delivered: false,
    status: 410,
    error: 'answered 410',
  });
  expect(tried).toMatchObject([{ kind: 'webhook.test', endpoint: 'ops', payload: '{"endpoint":"ops"}' }]);
});

it('a test of an endpoint that the config file does not have is refused with the names it has', async () => {
  const { books } = await rigged();
  await expect(books.testWebhook('opps')).rejects.toMatchObject({
    code: 'not_found',
    detail: expect.stringContaining('ops'),
  });
});
