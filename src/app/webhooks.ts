import type { Config } from '../catalog/model.ts';
import { counted } from '../counted.ts';
import { lastSeenMs } from '../deposits/vault-state.ts';
import { createLoop, type Loop } from '../loop.ts';
import { formatUsdc } from '../money.ts';
import { createDeliverer, type Deliverer } from '../notify/deliverer.ts';
import { createHerald, forgetMark, type Seen } from '../notify/herald.ts';
import { foreignNoted } from '../settlement/foreign.ts';
import { version } from '../version.ts';
import type { Core } from './core.ts';

/** How often the queue is looked at; new events wake it at once. */
const queueLookMs = 1_000;
/** How often the state of the gateway is looked at for something to tell. */
const heraldLookMs = 5_000;

export type WebhookParts = { deliverer: Deliverer; loop: Loop };

/** The queue and its loop. Without a gateway the loop does not run; a test of an endpoint goes out all the same. */
export function createWebhookParts(
  { webhooks: endpoints }: Config,
  { clock, log, store, metrics }: Pick<Core, 'clock' | 'log' | 'store' | 'metrics'>,
): WebhookParts {
  const deliverer = createDeliverer({
    clock,
    log,
    webhooks: store.webhooks,
    endpoints,
    version,
    onTried: metrics.webhookTried,
    onRoom: () => loop.wake(),
  });
  const loop = createLoop({
    name: 'webhooks',
    intervalMs: queueLookMs,
    clock,
    log,
    async turn() {
      deliverer.turn();
      return false;
    },
  });
  return { deliverer, loop };
}

/** Tells the endpoints of the config file what happens; undefined when there are none. */
export function heraldLoop(core: Core): Loop | undefined {
  const { store, clock, log } = core;
  const { webhooks: endpoints, deposits } = core.config();
  if (endpoints.length === 0) {
    forgetMark(store.meta);
    return undefined;
  }
  const { webhooks, batches, meta } = store;
  const { lowBalanceUnits: lowBalance } = deposits;
  const herald = createHerald({ webhooks, batches, meta, endpoints, seen: seenOf(core), lowBalance, clock });
  const loop = createLoop({
    name: 'herald',
    intervalMs: heraldLookMs,
    clock,
    log,
    async turn(signal) {
      await herald.turn(signal);
      core.webhookParts.loop.wake();
      return false;
    },
  });
  core.listeners.push(() => loop.wake());
  return loop;
}

/** What the herald looks at: the identities of the books, the watcher, the lanes, and the accounts. */
export function seenOf(core: Core): Seen {
  const { ledger, watcher, clock, settler } = core;
  return {
    *accounts() {
      for (const slot of ledger.accounts()) {
        if (slot.deposited === 0n) continue;
        const hasLeft = slot.withdrawn > 0n && ledger.chainBalance(slot) <= 0n && slot.unsettled === 0n;
        yield { address: slot.address, available: ledger.exitable(slot), hasLeft };
      }
    },
    watcher() {
      const seen = watcher.state();
      const seenMs = lastSeenMs(seen, clock);
      if (seenMs === undefined) return undefined;
      const { lastClosedAtMs, lastLedger } = seen;
      const ageMs = Math.max(0, clock.nowMs() - seenMs);
      return { ageMs, lastClosedAtMs, lastLedger, behindLedgers: watcher.health().behindLedgers };
    },
    lanes: () =>
      settler.status().lanes.map(({ lane, batch, state, waitingFor }) => {
        return { lane, batch, halted: state === 'halted' ? (waitingFor ?? 'no reason given') : undefined };
      }),
    identities() {
      const { booksCheck, sumsCheck, chainCheck, settledCheck, solvency } = core;
      const { foreign, synced } = settler.standing();
      const known = [];
      if (booksCheck) {
        const broken =
          booksCheck.differences > 0 ? counted(booksCheck.differences, 'amount differs', 'amounts differ') : undefined;
        known.push({ identity: 'memory equals database', broken });
      }
      if (sumsCheck) {
        const broken =
          sumsCheck.differences > 0 ? counted(sumsCheck.differences, 'sum differs', 'sums differ') : undefined;
        known.push({ identity: 'sums equal rows', broken });
      }
      if (chainCheck) {
        const broken =
          chainCheck.differences > 0
            ? counted(chainCheck.differences, 'account differs', 'accounts differ')
            : undefined;
        known.push({ identity: 'accounts equal vault', broken });
      }
      if (settledCheck) {
        const broken =
          settledCheck.differences > 0
            ? counted(settledCheck.differences, 'payee or lane differs', 'payees or lanes differ')
            : undefined;
        known.push({ identity: 'settlements equal vault', broken });
      }
      if (solvency) {
        const { tokens, liabilities } = solvency;
        const broken = tokens < liabilities ? `${formatUsdc(tokens)} held, ${formatUsdc(liabilities)} owed` : undefined;
        known.push({ identity: 'vault covers liabilities', broken });
      }
      const stranger = foreignNoted(core.store.meta);
      if (stranger !== undefined || foreign || synced) {
        const broken = stranger ?? (foreign ? 'the vault holds a settlement that is not in these books' : undefined);
        known.push({ identity: 'settlements are ours', broken });
      }
      return known;
    },
  };
}
