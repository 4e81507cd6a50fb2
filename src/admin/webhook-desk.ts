import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { deliveryId, eventId, readWebhookId } from '../store/webhook-ids.ts';
import type { DeliveryRow, DueDelivery, Webhooks } from '../store/webhooks.ts';
import { type Page, pageOf, time } from './book-views.ts';
import type { PageQuery } from './books.ts';
import { readPage } from './page-query.ts';

/** What webhooks were sent, what was given up, and the ways to send it again. */
export type WebhookDesk = {
  webhooks(query: PageQuery & { dead?: boolean | undefined }): Promise<Page<DeliveryView>>;
  /** Queues a delivery, or all those of an event, anew. */
  replayWebhook(id: string): Promise<{ id: string; queued: number }>;
  /** Sends an event of kind `webhook.test` to one endpoint now, once. */
  testWebhook(name: string): Promise<WebhookTest>;
};

export type DeliveryView = {
  delivery: string;
  event: string;
  kind: string;
  time: string;
  endpoint: string;
  state: string;
  attempts: number;
  next_at: string | null;
  ended_at: string | null;
  last_status: number | null;
  last_error: string | null;
  data: unknown;
};

export type WebhookTest = { delivery: string; delivered: boolean; status: number | null; error: string | null };

export type WebhookDeskDeps = {
  webhookRows: Pick<Webhooks, 'list' | 'replay' | 'tell' | 'deliveriesOf'>;
  /** Names from the config file. */
  webhookNames: readonly string[];
  tryWebhook(delivery: DueDelivery): Promise<{ status: number | undefined; error: string | undefined }>;
  /** There is something to send. */
  wakeWebhooks(): void;
  clock: Clock;
};

export function createWebhookDesk(deps: WebhookDeskDeps): WebhookDesk {
  const { webhookRows: rows, clock } = deps;
  return {
    async webhooks({ dead = false, ...query }) {
      const { before, limit } = readPage(query);
      const found = rows.list({ dead, ...(before === undefined ? {} : { before }), limit: limit + 1 });
      return pageOf(found, limit, deliveryView, (row) => row.id);
    },
    async replayWebhook(id) {
      const what = readWebhookId(id);
      if (!what) throw new GatewayError('bad_parameter', 'name a delivery such as dlv_12 or an event such as evt_7');
      const queued = rows.replay(what);
      if (queued === 0) throw new GatewayError('not_found', `${id} is not in the books; see \`callora webhooks list\``);
      deps.wakeWebhooks();
      return { id, queued };
    },
    async testWebhook(name) {
      if (!deps.webhookNames.includes(name)) {
        const known = deps.webhookNames.length > 0 ? deps.webhookNames.join(', ') : 'none';
        throw new GatewayError('not_found', `the config file has no webhook "${name}"; it has ${known}`);
      }
      const event = rows.tell({
        kind: 'webhook.test',
        dedupe: `webhook.test ${name} ${clock.nowMs()}`,
        payload: JSON.stringify({ endpoint: name }),
        endpoints: [name],
      });
      const [delivery] = event === undefined ? [] : rows.deliveriesOf(event);
      if (!delivery) throw new GatewayError('conflict', `${name} is being tested at this very moment`);
      // Begun in the same synchronous step as the row, so that the queue does not send it too.
      const { status, error } = await deps.tryWebhook(delivery);
      return {
        delivery: deliveryId(delivery.id),
        delivered: error === undefined,
        status: status ?? null,
        error: error ?? null,
      };
    },
  };
}

function deliveryView(row: DeliveryRow): DeliveryView {
  return {
    delivery: deliveryId(row.id),
    event: eventId(row.eventId),
    kind: row.kind,
    time: time(row.atMs),
    endpoint: row.endpoint,
    state: row.state,
    attempts: row.attempts,
    next_at: row.state === 'waiting' ? time(row.nextAtMs) : null,
    ended_at: row.endedAtMs === null ? null : time(row.endedAtMs),
    last_status: row.lastStatus,
    last_error: row.lastError,
    data: JSON.parse(row.payload),
  };
}
