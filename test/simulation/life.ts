import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createTokenKeys } from '../../src/access/keys.ts';
import { units } from '../../src/money.ts';
import { ContractViewError } from '../../src/stellar/contract-view.ts';
import type { SignedExit } from '../../src/stellar/exit-signer.ts';
import { RpcError } from '../../src/stellar/json-rpc.ts';
import { copyMigrated } from '../store/migrated.ts';
import { Background } from './background.ts';
import { Catalog } from './catalog.ts';
import { Classic } from './classic.ts';
import { type RunningCall, SimGateway, type Token } from './gateway.ts';
import { checkIdentities } from './identities.ts';
import type { LifeOptions } from './life-options.ts';
import { Losses } from './losses.ts';
import { Misfortune } from './misfortune.ts';
import { Model } from './model.ts';
import type { Consumer, SimNetwork } from './network.ts';
import { copyNetwork, firstDeposit } from './network-copies.ts';
import type { Places } from './process.ts';
import { createRandom, type Random } from './random.ts';

/** Lanes that a gateway of a life uses, at most. */
export const lanesMax = 3;

/** One gateway, its network and its consumers, and what an outsider knows of them. */
export class Life {
  readonly model = new Model();
  readonly network: SimNetwork;
  readonly random: Random;
  readonly counts: Record<string, number> = {};
  readonly running = new Map<number, RunningCall>();
  readonly signed: { consumer: Consumer; exit: SignedExit; amount: bigint }[] = [];
  /** One token with a cap for each account, once it was issued. */
  readonly tokens = new Map<string, Token>();
  gateway: SimGateway | undefined;
  readonly misfortune: Misfortune;
  /** Taken off the vault's list by its admin. */
  readonly removedPayees = new Set<string>();
  readonly losses = new Losses();
  readonly classic = new Classic();
  /** What the vault has told in ledgers that no server has any more, by lane: values of the chain by batch. */
  readonly chainValues = new Map(Array.from({ length: lanesMax }, (_, lane) => [lane, new Map<number, string>()]));
  readonly catalog: Catalog;
  readonly folder: string;
  private readonly keysFile: string;
  /** Nothing new happens any more: what is broken is put right at once. */
  ending = false;
  private boots = 0;
  private starts = 0;
  private readonly background: Background;

  /** Every fourth gateway loses its database often. */
  readonly unlucky: boolean;

  readonly lanes: readonly number[];

  private constructor(network: SimNetwork, random: Random, folder: string, unlucky: boolean, lanes: readonly number[]) {
    this.unlucky = unlucky;
    this.lanes = lanes;
    this.network = network;
    this.background = new Background(network.clock);
    this.random = random;
    this.misfortune = new Misfortune(random, (what) => this.count(what));
    this.folder = folder;
    this.keysFile = path.join(folder, 'tokens.jwks');
    this.catalog = new Catalog(network, folder);
  }

  static async begin(seed: number, options: LifeOptions = {}): Promise<Life> {
    const {
      lanes = seed % 2 === 1 ? [1, 2, 3] : [1],
      networkName = `life ${seed}`,
      migrated = false,
      durability,
    } = options;
    const shared = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
    const folder = fs.mkdtempSync(path.join(shared, 'callora-life-'));
    const network = { ...(await copyNetwork(networkName)), durability };
    const life = new Life(network, createRandom(seed), folder, seed % 4 === 0, lanes);
    await createTokenKeys(life.keysFile);
    if (migrated) copyMigrated(life.places.file);
    for (const { address } of network.consumers) {
      life.model.account(address).deposited += firstDeposit;
      life.count('deposit');
    }
    return life;
  }

  /** The process that runs; a new one where the last has died. Starts until one start is not cut off. */
  async alive(): Promise<SimGateway> {
    if (this.gateway?.failed && !this.gateway.dead && (this.ending || this.random.chance(0.3))) {
      await this.stop();
      this.count('start after a failure of the disk');
    }
    let refusals = 0;
    while (!this.gateway || this.gateway.dead) {
      if (this.gateway) await this.bury(this.gateway);
      this.gateway = undefined;
      this.network.lanes = this.lanes[this.starts++ % this.lanes.length] ?? 1;
      const gone = this.network.clock.sleepers();
      const starting = SimGateway.start(this.network, this.places, this.misfortune, this.losses.restores === 0).catch(
        refusedStart,
      );
      const started = await this.background.meanwhile(starting, () => this.network.pass(5), gone);
      this.count('start');
      if (started === undefined) {
        this.boots++;
        this.misfortune.died();
        this.count('died while starting');
      } else if (started === 'refused') {
        // The network did not answer the first start; nothing was sold meanwhile.
        this.network.pass(5);
        refusals++;
        if (refusals > refusalsMax) throw new Error('no process can start');
      } else {
        this.gateway = started;
        this.model.recover(this.rows(), this.misfortune.unsyncedLeft !== undefined);
        await this.classic.look(this);
        checkIdentities(this);
        await this.catchUp();
      }
    }
    return this.gateway;
  }

  /** Where its files lie, and where they lie after its death. */
  get places(): Places {
    return {
      file: this.place(this.boots),
      grave: this.place(this.boots + 1),
      keysFile: this.keysFile,
      catalog: this.catalog,
    };
  }

  /** What the loops of a process do first: until they have, nothing is sold. */
  private async catchUp(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      const { gateway } = this;
      if (!gateway || gateway.dead) return;
      await this.soon(gateway.run(gateway.core.watcher.turn()));
      await this.soon(gateway.run(gateway.core.settler.turn()));
    }
  }

  /** A consumer's own deposit. */
  async deposit(consumer: Consumer, amount: bigint): Promise<void> {
    const { status } = await consumer.deposit(consumer.address, units(amount));
    if (status !== 'landed') return;
    this.model.account(consumer.address).deposited += amount;
    this.count('deposit');
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Work of the process: done, cut off by its death, or left to go on while others do something. */
  soon<T>(work: Promise<T | 'dead'>): Promise<T | 'dead' | 'later' | 'failed'> {
    return this.background.soon(work);
  }

  /** The same for what only waits for a lock that somebody else holds. */
  shortly<T>(work: Promise<T | 'dead'>): Promise<T | 'dead' | 'later' | 'failed'> {
    return this.background.soon(work, () => this.network.clock.advance(5));
  }

  /** The account's token with a cap; undefined when the process died over it. */
  async cappedToken(account: string): Promise<Token | undefined> {
    const known = this.tokens.get(account);
    if (known) return known;
    const gateway = await this.alive();
    const cap = units(6_000n);
    const request = { account, scope: '*' as const, ttlMs: 1e9, cap, source: 'operator' as const };
    const issued = await gateway.run(gateway.core.tokenDesk.issue(request));
    if (issued === 'dead') return undefined;
    this.tokens.set(account, { ...issued, cap });
    return this.tokens.get(account);
  }

  async stop(): Promise<void> {
    if (!this.gateway) return;
    await this.finishBackground();
    await this.background.meanwhile(this.gateway.stop(), () => this.network.clock.advance(5));
    // One that died while it stopped is buried by whoever starts the next one.
    if (!this.gateway.dead) this.gateway = undefined;
    this.running.clear();
  }

  /** Lets time pass until nothing of the process waits for it. */
  finishBackground(): Promise<void> {
    return this.background.finish(() => this.network.pass(5));
  }

  /** The process ends at this instant, and its files lie as they are. */
  async kill(): Promise<void> {
    const { gateway } = this;
    if (!gateway) return;
    this.gateway = undefined;
    if (gateway.dead) return this.bury(gateway);
    gateway.kill();
    const crash = this.misfortune.pending();
    await this.bury(gateway, 'kill');
    this.misfortune.resume(crash);
  }

  private async bury(gateway: SimGateway, how: 'death' | 'kill' = 'death'): Promise<void> {
    this.count(how);
    this.boots++;
    this.misfortune.died();
    this.background.forget();
    this.running.clear();
    await gateway.bury();
  }

  async end(): Promise<void> {
    if (this.gateway) await this.gateway.bury();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /** What the call rows say, read without the gateway's own readers. */
  rows(): Map<number, { refunded: boolean }> {
    const db = this.gateway?.core.store.db;
    const rows =
      db
        ?.prepare(
          `SELECT c.id, r.amount FROM charges c
           LEFT JOIN refunds r ON r.charge_id = c.id AND r.reason <> 'settled_before_restore'`,
        )
        .all() ?? [];
    return new Map(
      (rows as { id: number; amount: number | null }[]).map((row) => [row.id, { refunded: row.amount !== null }]),
    );
  }

  private place(boot: number): string {
    return path.join(this.folder, `boot-${boot}`, 'callora.db');
  }
}

const refusalsMax = 1_000;

/** Only a network that does not answer may keep a process from starting. */
function refusedStart(error: unknown): 'refused' {
  if (error instanceof RpcError || error instanceof ContractViewError) return 'refused';
  throw error;
}
