import type { Verified } from '../../src/access/verify.ts';
import { type AccountSlot, createLedger, type Ledger } from '../../src/billing/ledger.ts';
import type { Config } from '../../src/catalog/model.ts';
import { systemClock } from '../../src/clock.ts';
import type { GatewayDeps, GatewayMetrics } from '../../src/gateway/deps.ts';
import { createGateway, type Gateway } from '../../src/gateway/server.ts';
import { silentLog } from '../../src/log.ts';
import type { KeyedCalls } from '../../src/metering/keyed-calls.ts';
import { formatUsdc, units, zero } from '../../src/money.ts';
import { createUpstreams } from '../../src/upstream/upstreams.ts';
import { type FakeJournal, fakeJournal } from './fake-journal.ts';
import { usdc } from './make-config.ts';
import { type RawAnswer, readAnswer, sendRaw } from './raw-client.ts';

/** A gateway over real sockets with the real ledger, in front of an upstream that a test scripts byte by byte. */

/** For gateways whose calls carry no Idempotency-Key. */
const noKeys: KeyedCalls = {
  begin: () => Promise.reject(new Error('this test keeps no keys')),
  keep: () => Promise.reject(new Error('this test keeps no keys')),
  spend: () => Promise.reject(new Error('this test keeps no keys')),
  release: () => Promise.reject(new Error('this test keeps no keys')),
  endUnpaid: () => Promise.reject(new Error('this test keeps no keys')),
};

export type FakeTokens = Map<string, Verified>;

export type Rig = {
  gateway: Gateway;
  port: number;
  ledger: Ledger;
  journal: FakeJournal;
  tokens: FakeTokens;
  metrics: Record<keyof GatewayMetrics, unknown[][]>;
  account(address?: string): AccountSlot;
  setConfig(config: Config): void;
  /** Sends raw bytes on a fresh connection and collects what comes until the server closes or `until` is satisfied. */
  send(bytes: string | Buffer, until?: (text: string) => boolean): Promise<string>;
  get(path: string, headers?: Record<string, string>, method?: string): Promise<RawAnswer>;
  close(): Promise<void>;
};

export type RigOptions = {
  config: Config;
  balance?: string;
  journal?: FakeJournal;
  deps?: Partial<GatewayDeps>;
};

export const token = 'good-token';
export const account = 'GACCOUNT';

export async function startRig(options: RigOptions): Promise<Rig> {
  let config = options.config;
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 1_800_000_000 });
  const journal = options.journal ?? fakeJournal();
  const tokens: FakeTokens = new Map([
    [token, { jti: 'jti-1', account, scopes: '*', expiresAtMs: Number.MAX_SAFE_INTEGER, capUnits: undefined }],
  ]);
  const known = new Set<string>();
  const metrics: Rig['metrics'] = { ended: [], charged: [], refunded: [], overhead: [] };
  const upstreams = createUpstreams({ log: silentLog(), clock: systemClock });
  let nextId = 1;
  let nextAccount = 1;
  const slot = (address: string): AccountSlot =>
    ledger.account(address) ??
    ledger.open({
      id: nextAccount++,
      address,
      deposited: address === account ? usdc(options.balance ?? '100') : zero,
      limit: units(2n ** 60n),
    });
  const gateway = createGateway({
    config: () => config,
    verifier: {
      cached: (text) => (known.has(text) ? tokens.get(text) : undefined),
      async verify(text) {
        const found = tokens.get(text);
        if (!found) return { ok: false, reason: 'token_invalid' };
        known.add(text);
        return { ok: true, token: found };
      },
    },
    ledger,
    journal,
    keys: noKeys,
    resolve: {
      account: slot,
      cap: (verified) =>
        verified.capUnits === undefined
          ? undefined
          : ledger.openCap({ jti: verified.jti, cap: verified.capUnits, spent: zero }),
      tokenId: () => 3,
      routeId: () => 7,
    },
    isPaused: () => false,
    mayServe: () => undefined,
    payWays: (_slot, shortfall) => [{ kind: 'vault', min: formatUsdc(shortfall) }],
    nextCallId: () => nextId++,
    signContext: ({ callId }) => `context of ${callId}`,
    internal(_req, res, path) {
      if (!path.startsWith('/_callora/hello')) return false;
      res.end('hello');
      return true;
    },
    upstreams,
    certificate: undefined,
    clock: systemClock,
    log: silentLog(),
    metrics: {
      ended: (...args) => void metrics.ended.push(args),
      charged: (...args) => void metrics.charged.push(args),
      refunded: (...args) => void metrics.refunded.push(args),
      overhead: (...args) => void metrics.overhead.push(args),
    },
    ...options.deps,
  });
  const { port } = await gateway.listen();
  return {
    gateway,
    port,
    ledger,
    journal,
    tokens,
    metrics,
    account: (address = account) => slot(address),
    setConfig(next) {
      config = next;
    },
    send: (bytes, until) => sendRaw(port, bytes, until),
    async get(path, headers = {}, method = 'GET') {
      const fields = { host: 'gateway.test', authorization: `Bearer ${token}`, connection: 'close', ...headers };
      const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
      return readAnswer(await sendRaw(port, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`));
    },
    async close() {
      await gateway.drain();
      await upstreams.close();
    },
  };
}
