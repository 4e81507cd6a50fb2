import { systemClock } from '../../src/clock.ts';
import type { Vault } from '../../src/stellar/vault-client.ts';
import { until } from './devnet-process.ts';
import type { Shop } from './shop.ts';

/** How a batch is on its way when the process dies. */
export type Flight = {
  name: string;
  /** Resolves when a batch is in the air. */
  hold(): Promise<void>;
  /** The network goes on, after the death: resolves when the batch has landed, or would have. */
  release(batch: number): Promise<boolean>;
};

/** Longer than it takes to see that a batch is sent and to kill, shorter than what was signed is good for. */
const heldMs = 4_000;
/** From the mark in the database to the network. */
const sendMs = 100;
/** A batch is on its way within a second, unless something else of the operator is. */
const tryMs = 3_000;
/** Ledgers that a batch has to land in; it takes one or two. */
const landingLedgers = 30;

export function flightsOf({ devnet, books }: Shop, vault: Vault): Flight[] {
  const fault = (target: string, what: object) => devnet.control('devnet_setFault', { target, fault: what });
  const freeze = (frozen: boolean) => devnet.control('devnet_freeze', { frozen });
  const clear = () => devnet.control('devnet_clearFaults');

  async function submittedWithin(ms: number): Promise<number | undefined> {
    const endMs = systemClock.monotonicMs() + ms;
    while (systemClock.monotonicMs() < endMs) {
      const open = (await books.settlement()).open.find(({ state }) => state === 'submitted');
      if (open) return open.batch;
      await systemClock.sleep(20);
    }
    return undefined;
  }

  /** A payout that is held where a batch was meant to be has that one wait: it is let go, and tried again after the next batch. */
  async function held(hold: () => Promise<unknown>, letGo: () => Promise<unknown>): Promise<number> {
    for (;;) {
      await hold();
      const batch = await submittedWithin(tryMs);
      if (batch !== undefined) return batch;
      await letGo();
      await landed((await vault.lastBatch(0)).batch + 1);
    }
  }

  async function landed(batch: number): Promise<boolean> {
    const since = (await vault.lastBatch(0)).seenLedger;
    const seen = await until(
      () => vault.lastBatch(0),
      (last) => last.batch >= batch || last.seenLedger > since + landingLedgers,
    );
    return seen.batch >= batch;
  }

  const sent = () => systemClock.sleep(sendMs);
  return [
    {
      name: 'accepted by the network, in no ledger yet',
      async hold() {
        await held(
          () => freeze(true),
          () => freeze(false),
        );
        await sent();
      },
      async release(batch) {
        await freeze(false);
        return landed(batch);
      },
    },
    {
      name: 'landed, its answers lost',
      async hold() {
        const batch = await held(() => fault('sendTransaction', { kind: 'drop-reply-after-apply' }), clear);
        // Nothing tells the gateway of a ledger after this one.
        for (const target of ['getTransaction', 'getEvents']) await fault(target, { kind: 'refuse' });
        await landed(batch);
      },
      release: landed,
    },
    {
      name: 'held on its way, landing after the death',
      async hold() {
        await held(() => fault('sendTransaction', { kind: 'delay', delayMs: heldMs }), clear);
        await sent();
      },
      release: landed,
    },
    {
      name: 'signed, and never sent',
      async hold() {
        await held(() => fault('sendTransaction', { kind: 'refuse' }), clear);
        await sent();
      },
      release: async () => false,
    },
  ];
}
