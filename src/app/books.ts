import type { Books } from '../admin/books.ts';
import { createBooks } from '../admin/create-books.ts';
import { beganLate } from '../settlement/adoption.ts';
import { carriedChecks } from '../settlement/identities.ts';
import { lanesInForce } from '../settlement/partition.ts';
import { reconcile } from '../settlement/reconcile.ts';
import { firstCallId } from '../store/call-ids.ts';
import { version } from '../version.ts';
import { classicChecks, classicDesk } from './classic.ts';
import type { Core } from './core.ts';
import { liveParts } from './live.ts';
import { resolveAccount } from './resolve.ts';

/** What an operator can ask and do, over all the rooms; `actor` stands in the audit rows. */
export function joinBooks(core: Core, actor: string): Books {
  const { store, facts, vault, ledger, watcher, settler, payouts, rootChain, journal, tokenDesk, clock } = core;
  const { webhookParts, pausedApis } = core;
  const config = core.config();
  const catchUp = async (signal?: AbortSignal) => {
    watcher.wantTransfers();
    while (await watcher.turn(signal)) signal?.throwIfAborted();
  };
  return createBooks({
    config: core.config,
    ledger,
    charges: store.charges,
    usage: store.usage,
    statements: store.statements,
    feeBps: facts.feeBps,
    routes: store.routes,
    journal,
    tokens: store.tokens,
    tokenDesk,
    deposits: store.deposits,
    exits: store.exits,
    batches: store.batches,
    payouts: store.payouts,
    audit: store.audit,
    backup: store.backup,
    classicPayments: store.classicPayments,
    classic: classicDesk(core, (address) => resolveAccount(core, address)),
    pauses: store.apiPauses,
    paused: pausedApis,
    upstreams: () => core.upstreams(),
    webhookRows: store.webhooks,
    webhookNames: config.webhooks.map(({ name }) => name),
    tryWebhook: webhookParts.deliverer.tryOnce,
    wakeWebhooks: webhookParts.loop.wake,
    settler,
    envelopeFees: store.envelopeFees,
    async reconcile(signal) {
      const { accounts, batches, classicPayments, deposits, payouts: paid } = store;
      const incomplete = store.restored.state() !== 'never' || beganLate(store.meta, facts.lanes);
      const lanes = Math.max(config.settlement.lanes, lanesInForce(store.meta));
      const rows = { accounts, batches, classicPayments, deposits, payouts: paid };
      const books = { ...rows, meta: store.meta, vault, ledger, rootChain, catchUp, lanes };
      const { checks, totals } = await reconcile({ ...books, incomplete: incomplete ? store.meta : undefined }, signal);
      const carried = carriedChecks(await store.findWrongSums(signal));
      return { checks: [...checks, ...carried, ...(await classicChecks(core, signal))], totals };
    },
    vault: vault.address,
    runId: store.runId,
    firstCallId: firstCallId(store.runId),
    actor,
    ...liveParts(core, version),
    payNow: payouts.payNow,
    sync: store.sync,
    clock,
  });
}
