import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BooksDeps, createBooks } from '../../src/admin/create-books.ts';
import type { Health } from '../../src/admin/health.ts';
import { createLiveRecorder } from '../../src/admin/live-recorder.ts';
import { createTokenDesk } from '../../src/admin/token-desk.ts';
import { createLedger } from '../../src/billing/ledger.ts';
import type { Config } from '../../src/catalog/model.ts';
import { fakeClock, systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createJournal } from '../../src/metering/journal.ts';
import { parseUsdc, units, zero } from '../../src/money.ts';
import { firstCallId } from '../../src/store/call-ids.ts';
import type { SealRequest } from '../../src/store/seal-proposal.ts';
import { openStore } from '../../src/store/store.ts';
import { noCheckpoints } from '../store/rig.ts';

/** Books over a real store, ledger and journal; only signing and the chain are fakes. */

export const alice = 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN';
export const bob = 'GBBD47IF6LWK7P7MDEVSCWR7DPUWV3NY3DTQEVFL4NAT4AQH3ZLLFLA5';
export const vault = 'CCW67TSZV3SSS2HXMBQ5JFGCKJNXKZM7UQUWUZPUTHXSTZLEO7SJMI75';

export const config = {
  gateway: { publicUrl: 'https://api.example.com' },
  stellar: { vault },
  tokens: { ttlMs: 86_400_000, ttlMaxMs: 30 * 86_400_000 },
  apis: ['weather', 'maps'].map((name) => ({
    name,
    mount: `/${name}`,
    payee: bob,
    upstream: { origins: ['http://127.0.0.1:9000'], basePath: '' },
    routes: [],
  })),
} as unknown as Config;

export const healthy: Health = {
  journal: { ok: true, lost: false, pending: 0, lastError: undefined, walBytes: 4_096 },
  loops: [],
  lastLedgerClosedAtMs: 1_800_000_000_000,
  oldestUnsettledAtMs: undefined,
  withdrawDelayS: 172_800,
  paused: false,
  stopped: undefined,
  halted: [],
  hostAheadMs: undefined,
  solvency: undefined,
  stopping: false,
};

export const sealAll: SealRequest = {
  lane: 0,
  nowMs: 1_800_000_000_000,
  ageMaxMs: 60_000,
  unfinishedUpTo: 0,
  minTotal: zero,
  force: true,
  entriesMax: 100,
  linesMax: 400,
  period: 0,
};

export type Rig = Awaited<ReturnType<typeof createRig>>;

export async function createRig(
  overrides: Partial<BooksDeps> = {},
  dir = mkdtempSync(path.join(tmpdir(), 'callora-')),
) {
  const clock = fakeClock();
  const log = silentLog();
  const store = openStore({ path: path.join(dir, 'callora.db'), clock, log, startCheckpoints: noCheckpoints });
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => clock.nowMs() / 1000 });
  for (const row of store.accounts.loadAll()) ledger.open(row);
  const journal = createJournal({
    db: store.journalDb,
    clock: systemClock,
    log,
    durability: 'process',
    walSyncIntervalMs: 1_000,
    sync: store.sync,
  });
  const resolveAccount = (address: string) =>
    ledger.account(address) ?? ledger.open({ id: store.accounts.ensure(address), address });
  const revoked: string[] = [];
  let signed = 0;
  const tokenDesk = createTokenDesk({
    async sign({ ttlMs }) {
      signed += 1;
      return { token: `head.body.${signed}`, jti: `jti-${signed}`, expiresAtMs: clock.nowMs() + ttlMs };
    },
    resolveAccount,
    tokens: store.tokens,
    ledger,
    forget: (jti) => void revoked.push(jti),
    sync: store.sync,
    clock,
  });
  const books = createBooks({
    config: () => config,
    ledger,
    charges: store.charges,
    usage: store.usage,
    statements: store.statements,
    feeBps: 100,
    routes: store.routes,
    journal,
    tokens: store.tokens,
    tokenDesk,
    deposits: store.deposits,
    exits: store.exits,
    audit: store.audit,
    backup: store.backup,
    classicPayments: store.classicPayments,
    classic: undefined,
    pauses: store.apiPauses,
    paused: new Set(),
    upstreams: () => [],
    webhookRows: store.webhooks,
    webhookNames: ['ops'],
    tryWebhook: async () => ({ status: 200, error: undefined }),
    wakeWebhooks: () => undefined,
    batches: store.batches,
    envelopeFees: store.envelopeFees,
    payouts: store.payouts,
    runId: store.runId,
    firstCallId: firstCallId(store.runId),
    actor: 'test',
    health: () => healthy,
    sync: store.sync,
    vault,
    clock,
    settler: {
      settleNow: async () => ({ done: true, confirmed: [], waitingFor: undefined }),
      status: () => ({ lanes: [], foreign: false, synced: true }),
    },
    reconcile: async () => ({ checks: [], totals: [] }),
    recorder: createLiveRecorder({ clock }),
    gauges: () => ({ holds: 0, accounts: 1, watcherLagLedgers: 2, connections: 3 }),
    solvency: () => undefined,
    booksCheck: () => undefined,
    version: '1.2.3',
    payNow: async () => [],
    ...overrides,
  });

  /** Deposits as far as the ledger knows; the chain is not asked here. */
  function fund(address: string, amount: string): void {
    const slot = resolveAccount(address);
    ledger.applyChain(slot, { deposited: parseUsdc(amount) ?? zero, limit: units(10n ** 15n) });
  }

  /** One charged call; finished unless told otherwise. */
  async function charge(address: string, price: string, options: { token?: string; finish?: boolean } = {}) {
    const account = resolveAccount(address);
    const cap = options.token === undefined ? undefined : ledger.cap(options.token);
    const held = ledger.hold(account, cap, parseUsdc(price) ?? zero);
    if (!held.ok) throw new Error(held.reason);
    const id = store.nextCallId();
    const routeId = store.routes.ensure({ api: 'weather', payee: bob, method: 'GET', template: '/weather/:city' });
    await journal.charge({
      id,
      atMs: clock.nowMs(),
      accountId: account.id,
      tokenId: options.token === undefined ? undefined : store.tokens.idOf(options.token),
      routeId,
      method: 'GET',
      status: 200,
      priceUnits: held.hold.price,
    });
    ledger.capture(held.hold);
    if (options.finish ?? true) {
      journal.finish({
        chargeId: id,
        atMs: clock.nowMs(),
        outcome: 'completed',
        bytesIn: 0,
        bytesOut: 20,
        durationMs: 5,
      });
      await journal.flush();
    }
    return String(id);
  }

  async function close(options: { keep?: boolean } = {}): Promise<string> {
    await journal.close();
    await store.close();
    if (!options.keep) rmSync(dir, { recursive: true, force: true });
    return dir;
  }

  return { books, store, ledger, journal, clock, revoked, fund, charge, close };
}
