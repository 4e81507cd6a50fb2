import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { createLedger } from '../../src/billing/ledger.ts';
import type { GatewayLimits, IdempotencyLimits } from '../../src/catalog/model.ts';
import { type FakeClock, fakeClock, systemClock } from '../../src/clock.ts';
import type { CallJournal } from '../../src/gateway/deps.ts';
import { silentLog } from '../../src/log.ts';
import { createJournal, type Journal } from '../../src/metering/journal.ts';
import { createKeyedCalls, type KeyedCalls } from '../../src/metering/keyed-calls.ts';
import { units } from '../../src/money.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { noCheckpoints } from '../store/rig.ts';
import { type ApiSpec, idempotency, limits, makeConfig, usdc } from './make-config.ts';
import { type RawAnswer, readAnswer } from './raw-client.ts';
import { type Behaviour, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { account, type Rig, startRig, token } from './rig.ts';

/** A gateway on a real store and journal, which can be killed and started again on the same file. */

export type KeyedRig = {
  upstream: RawUpstream;
  rig: Rig;
  store: Store;
  journal: Journal;
  clock: FakeClock;
  /** One call with these fields; a POST with a body where one is given. */
  call(path: string, fields?: Record<string, string>, body?: string, method?: string): Promise<RawAnswer>;
  /** What the account was charged, refunds taken off, in units. */
  charged(): bigint;
  /** Rows of charges, whatever became of them. */
  charges(): { id: number; price: number; refund: number }[];
  /** The process ends as by kill -9 and starts again: what was not committed is lost. */
  crash(): Promise<void>;
  /** As by a reload: from now on these bounds hold. */
  limit(limits: Partial<IdempotencyLimits>): void;
  /** Before the test ends, where it starts many. */
  stop(): Promise<void>;
};

type Options = {
  behave?: Behaviour;
  api?: Partial<ApiSpec>;
  limits?: Partial<IdempotencyLimits>;
  gateway?: Partial<GatewayLimits>;
  balance?: string;
  /** Changes what the call path sees of the journal. */
  journalAs?: (journal: Journal) => CallJournal;
  keysAs?: (keys: KeyedCalls) => KeyedCalls;
};

export async function startKeyed(options: Options = {}): Promise<KeyedRig> {
  const folder = mkdtempSync(path.join(tmpdir(), 'callora-keys-'));
  const file = path.join(folder, 'callora.db');
  const upstream = await startUpstream(options.behave);
  const clock = fakeClock();
  const configOf = (changed: Partial<IdempotencyLimits>) =>
    makeConfig([{ origin: upstream.origin, mount: '/a', price: '0.1', ...options.api }], {
      idempotency: { ...idempotency, ...options.limits, ...changed },
      limits: { ...limits, ...options.gateway },
      identitySecret: 'secret of the gateway',
    });
  const config = configOf({});
  let store = open();
  let journal = journalOf(store);
  let rig = await start();

  function open(): Store {
    return openStore({ path: file, clock: systemClock, log: silentLog(), startCheckpoints: noCheckpoints });
  }

  function journalOf({ journalDb: db, sync }: Store): Journal {
    const durability = 'process' as const;
    return createJournal({ db, clock: systemClock, log: silentLog(), durability, walSyncIntervalMs: 20, sync });
  }

  async function start(): Promise<Rig> {
    const current = { store, journal };
    const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 1_800_000_000 });
    const id = store.accounts.ensure(account);
    const row = store.accounts.loadAll().find((each) => each.id === id);
    const slot = ledger.open({
      ...row,
      id,
      address: account,
      deposited: usdc(options.balance ?? '100'),
      limit: units(2n ** 50n),
    });
    const keys = createKeyedCalls({ journal, idempotency: store.idempotency });
    const started = await startRig({
      config,
      deps: {
        ledger,
        journal: options.journalAs?.(journal) ?? journal,
        keys: options.keysAs?.(keys) ?? keys,
        nextCallId: () => current.store.nextCallId(),
        clock,
        resolve: {
          account: (address) =>
            address === account
              ? slot
              : ledger.open({
                  id: current.store.accounts.ensure(address),
                  address,
                  deposited: usdc('100'),
                  limit: units(2n ** 50n),
                }),
          cap: () => undefined,
          tokenId: () => undefined,
          routeId: ({ api, method, template }) =>
            current.store.routes.ensure({ api: api.name, payee: api.payee, method, template }),
        },
      },
    });
    const other = {
      jti: 'other',
      account: 'GOTHER',
      scopes: '*' as const,
      expiresAtMs: Number.MAX_SAFE_INTEGER,
      capUnits: undefined,
    };
    started.tokens.set('other', other);
    started.tokens.set('second', { ...other, jti: 'second', account });
    return started;
  }

  /** Nothing that the dying process still does reaches the file. */
  async function kill(): Promise<void> {
    store.journalDb.close();
    store.db.close();
    for (const socket of upstream.connections) socket.destroy();
    await rig.close();
    await journal.close();
    await store.close();
  }

  let stopped = false;
  async function stop(): Promise<void> {
    if (stopped) return;
    stopped = true;
    await upstream.close();
    await rig.close();
    await journal.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
  onTestFinished(stop);

  return {
    upstream,
    get rig() {
      return rig;
    },
    get store() {
      return store;
    },
    get journal() {
      return journal;
    },
    clock,
    async call(target, fields = {}, body = undefined, method = body === undefined ? 'GET' : 'POST') {
      const all = {
        host: 'gateway.test',
        authorization: `Bearer ${token}`,
        connection: 'close',
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        ...fields,
      };
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
      return readAnswer(await rig.send(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`));
    },
    limit: (changed) => rig.setConfig(configOf(changed)),
    charged: () => BigInt(readCharges().reduce((sum, { price, refund }) => sum + price - refund, 0)),
    charges: readCharges,
    stop,
    async crash() {
      await kill();
      store = open();
      journal = journalOf(store);
      rig = await start();
    },
  };

  function readCharges() {
    return store.db
      .prepare<[], { id: number; price: number; refund: number }>(
        'SELECT c.id, c.price, COALESCE(f.amount, 0) AS refund FROM charges c LEFT JOIN refunds f ON f.charge_id = c.id ORDER BY c.id',
      )
      .all();
  }
}
