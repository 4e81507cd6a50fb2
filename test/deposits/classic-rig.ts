import { createLedger } from '../../src/billing/ledger.ts';
import type { FakeClock } from '../../src/clock.ts';
import { createClassicAliases } from '../../src/deposits/classic-alias.ts';
import {
  type ClassicWatcher,
  type ClassicWatcherDeps,
  createClassicWatcher,
} from '../../src/deposits/classic-watcher.ts';
import { silentLog } from '../../src/log.ts';
import { parseUsdc, units, zero } from '../../src/money.ts';
import type { Store } from '../../src/store/store.ts';
import { openTestStore } from '../store/rig.ts';
import { closedAtMs, depositAccount, ScriptedHorizon, usdc } from './scripted-horizon.ts';

export const aliasKey = Buffer.alloc(32, 'alias key');

export type ClassicRig = {
  horizon: ScriptedHorizon;
  store: Store;
  clock: FakeClock;
  watcher: ClassicWatcher;
  /** Accounts that exist on the network. */
  existing: Set<string>;
  /** Addresses the network was asked about. */
  asked: string[];
  open(address: string): { id: number };
  /** A new process on the same database, or on an empty one. */
  restart(change?: Partial<ClassicWatcherDeps>, store?: Store): void;
  /** Reads until there is nothing more. */
  catchUp(): Promise<void>;
  states(): Record<string, string>;
};

/** The watcher of the deposit account on a real store, before a scripted Horizon. */
export function createClassicRig(): ClassicRig {
  const { store, clock } = openTestStore();
  const horizon = new ScriptedHorizon();
  const existing = new Set<string>();
  const asked: string[] = [];

  function start(change: Partial<ClassicWatcherDeps>, on: Store) {
    const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 0 });
    for (const row of on.accounts.loadAll()) ledger.open(row);
    const open = (address: string) =>
      ledger.account(address) ?? ledger.open({ id: on.accounts.ensure(address), address });
    const aliases = createClassicAliases({
      key: aliasKey,
      account: depositAccount,
      aliases: on.depositAliases,
      meta: on.meta,
      onAlias: (alias, accountId) =>
        void on.classicPayments.assignAlias(depositAccount, alias, accountId, parseUsdc('1') ?? zero),
    });
    const watcher = createClassicWatcher({
      horizon,
      payments: on.classicPayments,
      deposits: on.deposits,
      meta: on.meta,
      account: depositAccount,
      asset: usdc,
      min: () => units(10_000_000n),
      aliases,
      aliasOwner: on.depositAliases.owner,
      knownAccount: ledger.account,
      openAccount: open,
      async existing(addresses) {
        asked.push(...addresses);
        return new Set(addresses.filter((address) => existing.has(address)));
      },
      chain: () => ({ lastLedger: horizon.latestLedger, lastClosedAtMs: closedAtMs(horizon.latestLedger) }),
      onDue: () => undefined,
      sync: on.sync,
      clock,
      log: silentLog(),
      ...change,
    });
    return { watcher, open, store: on };
  }

  const rig: ClassicRig = {
    horizon,
    clock,
    existing,
    asked,
    ...start({}, store),
    restart(change = {}, on = rig.store) {
      Object.assign(rig, start(change, on));
    },
    async catchUp() {
      while (await rig.watcher.turn());
    },
    states() {
      const rows = rig.store.classicPayments.list({ limit: 500 }).toReversed();
      return Object.fromEntries(rows.map((row) => [row.operationId, row.state]));
    },
  };
  return rig;
}
