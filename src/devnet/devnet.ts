/**
 * A Stellar network in this process: real contracts on the real host, a ledger of its own, RPC, a subset of Horizon
 * and friendbot over HTTP. It imitates validators, it is none: never send it a key that is worth something.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { createClosingLoop } from './closing-loop.ts';
import { createControl } from './control/control.ts';
import type { Fault } from './faults/fault.ts';
import { createFaults, type FaultTimes } from './faults/faults.ts';
import { createGate } from './faults/gate.ts';
import { createFriendbot } from './friendbot/friendbot.ts';
import { createHorizon } from './horizon/horizon.ts';
import { countsNobody, createRateLimiter, HORIZON_QUOTA, type RateLimiter } from './horizon/rate-limit.ts';
import { listen } from './http.ts';
import { type Chain, createChain } from './ledger/chain.ts';
import { GENESIS_TIME_S, type TimeRule } from './ledger/chain-time.ts';
import { readAccount } from './ledger/entries.ts';
import { accountId } from './ledger/envelope.ts';
import { createNetwork, derivedKeypair } from './ledger/network.ts';
import type { LedgerRecord } from './ledger/records.ts';
import { networkProfiles, type ProfileName } from './network-profiles.ts';
import { createRouter } from './router.ts';
import { rpcMethods } from './rpc/methods.ts';
import { compileSorobanHost } from './soroban-host.ts';
import { createStateFile } from './state-file.ts';

const DEVNET_PASSPHRASE = 'Callora Devnet ; 2026';

export type DevnetOptions = {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** Those of public networks are refused. */
  passphrase?: string;
  /** Close a ledger every so many ms; undefined closes one for each accepted transaction. */
  closeMs?: number;
  /** Without it, closes a ledger where none was closed for so many ms, so that health does not fail. Default 10,000. */
  idleMs?: number;
  /** Other seeds make other hashes and other named accounts. */
  seed?: string;
  /** When the network begins, seconds since 1970. Default: now, or a fixed time where no clock moves it. */
  genesisTimeS?: number;
  /** Each ledger comes so many seconds after the one before and no clock moves the time: the same inputs make the same hashes. */
  ledgerSeconds?: number;
  /** Whose limits and fee rates contracts meet. Default: those of the public network. */
  limits?: ProfileName;
  /** Keeps the network in this file, and goes on with what is in it. */
  statePath?: string;
  /** False: no `devnet_*` methods. Every web page that this machine shows could call them, as it can all of RPC. */
  control?: boolean;
  /** Whether Horizon refuses an address that asks more often than public servers allow. Default: it counts nobody. */
  rateLimited?: boolean;
  clock: Clock;
  log: Log;
};

export type LedgerSummary = { sequence: number; hash: string; closeTimeS: number };

export type DevnetLedger = LedgerSummary & {
  transactions: { hash: string; successful: boolean; operations: string[] }[];
};

export type Devnet = {
  readonly rpcUrl: string;
  readonly horizonUrl: string;
  readonly friendbotUrl: string;
  readonly passphrase: string;
  /** Closes a ledger now, with whatever waits. */
  closeLedger(): Promise<LedgerSummary>;
  latestLedger(): LedgerSummary;
  /** Tells of each ledger as it closes. */
  onLedger(listener: (ledger: DevnetLedger) => void): void;
  /** Moves the network's time ahead of the clock, for good, and closes a ledger there. */
  advanceTime(seconds: number): Promise<LedgerSummary>;
  /** Creates the account with friendbot's starting balance; rejects if it exists. */
  fundAccount(address: string): Promise<void>;
  hasAccount(address: string): boolean;
  /** A key pair that only depends on the network's seed and the name; its account need not exist. */
  namedAccount(name: string): { address: string; secret: string };
  /**
   * Makes requests meet a fault; undefined ends it. The target is an RPC method, `rpc` for all of them, a part of Horizon
   * such as `horizon.payments` or `horizon.submit` (horizon/routes.ts names them), `horizon` for all of it,
   * `friendbot`, or `*`; of several that fit, the narrowest decides.
   */
  setFault(target: string, fault: Fault | undefined, when?: FaultTimes): void;
  clearFaults(): void;
  close(): Promise<void>;
};

/** Rejects when the port is taken, the passphrase is a public network's, or the state file is not this network's. */
export async function startDevnet(options: DevnetOptions): Promise<Devnet> {
  const { clock, log, host = '127.0.0.1' } = options;
  const profile = networkProfiles[options.limits ?? 'pubnet'];
  const network = createNetwork(options.passphrase ?? DEVNET_PASSPHRASE, options.seed ?? 'callora', profile);
  const automine = options.closeMs === undefined;
  const named = (name: string) => {
    const keypair = derivedKeypair(network, name);
    return { address: keypair.publicKey(), secret: keypair.secret() };
  };
  const time = timeRule(options);
  const journal = options.statePath === undefined ? undefined : createStateFile(options.statePath, network, { time });
  const chain = createChain({ network, hostModule: compileSorobanHost(), clock, automine, time, journal });
  const friendbot = createFriendbot(chain);
  const faults = createFaults();
  const control =
    options.control === false ? undefined : createControl({ chain, faults, friendbot, namedAccount: named });
  let base = '';
  const horizon = createHorizon({
    chain,
    clock,
    baseUrl: () => base,
    limiter: horizonLimiter(options.rateLimited ?? false),
  });
  const methods = rpcMethods(() => `${base}/friendbot`);
  const server = await listen(
    host,
    options.port ?? 0,
    createRouter({
      methods,
      friendbot,
      horizon,
      gate: createGate({ faults, chain, clock }),
      control,
      baseUrl: () => base,
      log,
    }),
  );
  base = `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`;
  const closing = createClosingLoop(chain, options);
  closing?.start();

  const closeNow = async () => summary(chain.closeLedger());
  return {
    rpcUrl: `${base}/rpc`,
    horizonUrl: base,
    friendbotUrl: `${base}/friendbot`,
    passphrase: network.passphrase,
    closeLedger: closeNow,
    latestLedger: () => summary(chain.history.latest()),
    onLedger(listener) {
      chain.onClosed(({ record }) => listener(described(record)));
    },
    advanceTime(seconds) {
      chain.advanceTime(seconds);
      return closeNow();
    },
    async fundAccount(address) {
      await friendbot.fund(address);
    },
    hasAccount: (address) => readAccount(chain.entries, accountId(address)) !== undefined,
    namedAccount: named,
    setFault: faults.set,
    clearFaults: faults.clear,
    async close() {
      await closing?.stop();
      await server.close();
    },
  };
}

function timeRule({ genesisTimeS, ledgerSeconds }: DevnetOptions): TimeRule {
  if (ledgerSeconds === undefined) return { kind: 'clock', genesisTimeS };
  return { kind: 'steps', genesisTimeS: genesisTimeS ?? GENESIS_TIME_S, ledgerSeconds };
}

function horizonLimiter(limited: boolean): RateLimiter {
  return limited ? createRateLimiter(HORIZON_QUOTA) : countsNobody(HORIZON_QUOTA);
}

function summary({ sequence, closed, closeTimeS }: ReturnType<Chain['closeLedger']>): LedgerSummary {
  return { sequence, hash: Buffer.from(closed.hash).toString('hex'), closeTimeS };
}

function described(record: LedgerRecord): DevnetLedger {
  const transactions = record.transactions.map(({ signed, successful }) => ({
    hash: signed.hash,
    successful,
    operations: signed.tx.operations.map(({ body }) => body.type),
  }));
  return { ...summary(record), transactions };
}
