import type { Webhook } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { deliveryId, eventId } from '../store/webhook-ids.ts';
import type { DueDelivery, Webhooks } from '../store/webhooks.ts';
import { type PostDeps, type Posted, post } from './post.ts';
import { signatureOf } from './signature.ts';

/**
 * Sends what waits in the database. A delivery is marked only after its try: a crash between the two sends it again,
 * with the same id, so receivers see each event at least once.
 */
export type Deliverer = {
  /** Begins as many tries as there is room for; does not wait for them. */
  turn(): void;
  /** One try now, whatever its time, without a second one; for deliveries that the queue does not hold yet. */
  tryOnce(delivery: DueDelivery): Promise<Posted>;
  /** Ends running tries, which stay due, and resolves when they have ended. */
  stop(): Promise<void>;
};

export type DelivererDeps = PostDeps & {
  clock: Clock;
  log: Log;
  webhooks: Pick<Webhooks, 'dueEndpoints' | 'due' | 'delivered' | 'failed'>;
  endpoints: readonly Webhook[];
  version: string;
  onTried(outcome: 'delivered' | 'failed'): void;
  /** A try has ended, so there is room for another. */
  onRoom(): void;
  random?: () => number;
};

/** Tries at once, in all and to one endpoint: a receiver that hangs must not take the place of the others. */
const inFlightMax = 8;
const inFlightPerEndpointMax = 2;

/** Deliveries to an endpoint that is gone, given up in one turn. */
const goneAtOnce = 100;
const noEndpoint = 'the config file has no endpoint of this name';

/** Pauses double from the first to the longest: with 20 tries the last comes after about 22 hours. */
const retryFirstMs = 10_000;
const retryLongestMs = 2 * 60 * 60_000;
export const triesMax = 20;

export function createDeliverer(deps: DelivererDeps): Deliverer {
  const { clock, log, webhooks } = deps;
  const random = deps.random ?? Math.random;
  const endpoints = new Map(deps.endpoints.map((endpoint) => [endpoint.name, endpoint]));
  const running = new Map<number, { endpoint: string; ended: Promise<void> }>();
  const stopping = new AbortController();
  let turns = 0;

  function send(endpoint: Webhook, delivery: DueDelivery): Promise<Posted> {
    const body = bodyOf(delivery);
    const id = deliveryId(delivery.id);
    const timeS = Math.floor(clock.nowMs() / 1000);
    const headers = {
      'content-type': 'application/json',
      'user-agent': `callora/${deps.version}`,
      'callora-event': delivery.kind,
      'callora-delivery': id,
      'callora-signature': signatureOf(endpoint.secret, { timeS, id, body }),
    };
    return post(deps, { url: endpoint.url, headers, body, allowPrivate: endpoint.allowPrivate }, stopping.signal);
  }

  async function run(endpoint: Webhook, delivery: DueDelivery): Promise<void> {
    const { status, error } = await send(endpoint, delivery);
    if (stopping.signal.aborted && error !== undefined) return;
    record(delivery, { status, error }, delivery.attempts + 1 >= triesMax);
  }

  function record(delivery: DueDelivery, { status, error }: Posted, last: boolean): void {
    const { id, endpoint, kind, attempts } = delivery;
    if (error === undefined) {
      webhooks.delivered(id, status ?? 0);
      deps.onTried('delivered');
      return;
    }
    deps.onTried('failed');
    const nextAtMs = last ? undefined : clock.nowMs() + pauseMs(attempts + 1, random());
    webhooks.failed(id, { status, error, nextAtMs });
    const facts = { delivery: deliveryId(id), endpoint, kind, tries: attempts + 1, reason: error };
    if (last) log.error(facts, 'a webhook was given up; `callora webhooks replay` sends it again');
    else log.warn(facts, 'a webhook was not delivered; it is tried again');
  }

  function begin(endpoint: Webhook, delivery: DueDelivery): void {
    const ended = run(endpoint, delivery)
      .catch((error: unknown) => log.error({ err: error }, 'a webhook could not be marked; it is sent again'))
      .then(() => {
        running.delete(delivery.id);
        deps.onRoom();
      });
    running.set(delivery.id, { endpoint: delivery.endpoint, ended });
  }

  /** Each endpoint has a queue of its own: however long one of them is, the others are looked at. */
  function fill(name: string, nowMs: number): void {
    const endpoint = endpoints.get(name);
    const due = webhooks.due({ endpoint: name, nowMs, limit: endpoint ? inFlightPerEndpointMax : goneAtOnce });
    for (const delivery of due) {
      if (!endpoint) record(delivery, { status: undefined, error: noEndpoint }, true);
      else if (running.size >= inFlightMax || countOf(running, name) >= inFlightPerEndpointMax) return;
      else if (!running.has(delivery.id)) begin(endpoint, delivery);
    }
  }

  return {
    turn() {
      if (stopping.signal.aborted) return;
      const nowMs = clock.nowMs();
      // Where the last turn ended another begins, so that a few that hang cannot take all room for long.
      const names = webhooks.dueEndpoints(nowMs);
      const first = names.length > 0 ? turns++ % names.length : 0;
      for (const name of [...names.slice(first), ...names.slice(0, first)]) fill(name, nowMs);
    },
    async tryOnce(delivery) {
      const endpoint = endpoints.get(delivery.endpoint);
      if (!endpoint) return { status: undefined, error: noEndpoint };
      const going = send(endpoint, delivery);
      running.set(delivery.id, { endpoint: endpoint.name, ended: going.then(() => undefined) });
      const posted = await going;
      running.delete(delivery.id);
      record(delivery, posted, true);
      return posted;
    },
    async stop() {
      stopping.abort();
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}

function countOf(running: Map<number, { endpoint: string }>, name: string): number {
  let count = 0;
  for (const { endpoint } of running.values()) if (endpoint === name) count++;
  return count;
}

/** After this many tries; up to a quarter is taken off at random, so that receivers are not met by all at once. */
export function pauseMs(tries: number, chance: number): number {
  const fullMs = Math.min(retryLongestMs, retryFirstMs * 2 ** (tries - 1));
  return Math.round(fullMs * (1 - chance / 4));
}

function bodyOf({ eventId: id, kind, atMs, payload }: DueDelivery): string {
  return `{"id":"${eventId(id)}","kind":"${kind}","time":"${new Date(atMs).toISOString()}","data":${payload}}`;
}
