import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { createTokenKeys } from '../../src/access/keys.ts';
import { chainCheckLoop } from '../../src/app/chain-check.ts';
import { restoreDatabase } from '../../src/app/restore.ts';
import { type Units, units } from '../../src/money.ts';
import { createRpc } from '../../src/stellar/rpc.ts';
import { settleOperation } from '../../src/stellar/settle-transaction.ts';
import { createSubmitter } from '../../src/stellar/submitter.ts';
import { Catalog } from '../simulation/catalog.ts';
import { configOf } from '../simulation/config.ts';
import { SimGateway } from '../simulation/gateway.ts';
import { type Consumer, rpcUrl, type SimNetwork, startNetwork } from '../simulation/network.ts';
import type { Fate, Places } from '../simulation/process.ts';
import { never } from '../support/never.ts';

/** The core of a gateway on the embedded network, with nothing in its way, and what others do to its vault. */
export type CoreRig = {
  network: SimNetwork;
  gateway: SimGateway;
  consumer: Consumer;
  /** The watcher reads all there is, and the settler has its turn. */
  turns(times?: number): Promise<void>;
  /** Calls of a consumer that are served and charged, out of `calls` that are tried. */
  sell(calls: number, account?: string): Promise<number>;
  /** The loop that compares accounts with the vault has one turn; time passes while it waits between two looks. */
  compareWithVault(): Promise<void>;
  /** What the process before may have signed can no longer land: the lanes are taken over. */
  takeOver(): Promise<void>;
  /** All that waits is settled, and the chain has it. */
  settle(): Promise<void>;
  /** The treasury gets its fees; the payee of what is sold has no trustline and gets nothing. */
  payOut(): Promise<void>;
  /** Somebody else who holds the operator's key settles. */
  settleElsewhere(lane: number, batch: number, amount: Units): Promise<void>;
  /** The database is put back as a copy of it was a moment ago, in the product's own way, and the next process begins. */
  restoreCopy(): Promise<void>;
  /** Ends this process and begins the next one on the same files, or on others. */
  restart(options?: { anew?: boolean; network?: SimNetwork; firstStart?: boolean }): Promise<void>;
};

const noHarm: Fate = {
  fault: () => undefined,
  atCrashPoint: () => false,
  atWrite: () => undefined,
  atSync: () => undefined,
  unsyncedLeft: undefined,
};

export async function startCore(seed: string, through: (network: SimNetwork) => SimNetwork = (same) => same) {
  const network = await startNetwork(seed);
  const [consumer] = network.consumers;
  if (!consumer) throw new Error('the network has no consumer');
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'callora-core-'));
  const keysFile = path.join(dir, 'tokens.jwks');
  await createTokenKeys(keysFile);
  const catalog = new Catalog(network, dir);
  let databases = 0;
  const newPlaces = (): Places => {
    databases++;
    const file = path.join(dir, `${databases}/callora.db`);
    return { file, grave: path.join(dir, `g${databases}/c.db`), keysFile, catalog };
  };
  let places = newPlaces();
  const begin = async (seen: SimNetwork, firstStart = false) => {
    const gateway = await SimGateway.start(seen, places, noHarm, firstStart);
    if (!gateway) throw new Error('the gateway died at its start');
    return gateway;
  };
  /** Time passes while it waits for the chain. */
  const meanwhile = async (work: Promise<unknown>) => {
    let over = false;
    const done = work.finally(() => {
      over = true;
    });
    while (!over) {
      await new Promise((resolve) => setImmediate(resolve));
      network.clock.advance(50);
    }
    await done;
  };
  const rig: CoreRig = {
    network,
    consumer,
    gateway: await begin(through(network)),
    async turns(times = 3) {
      const { watcher, settler, channels } = rig.gateway.core;
      for (let turn = 0; turn < times; turn++) {
        while (await watcher.turn());
        await meanwhile(channels.turn());
        await settler.turn();
      }
    },
    async sell(calls, account = consumer.address) {
      let served = 0;
      for (let call = 0; call < calls; call++) {
        const running = rig.gateway.begin(account, 1, undefined);
        if (typeof running === 'string') continue;
        if ((await rig.gateway.head(running, 200)) === true) served++;
        await rig.gateway.end(running, 200, { outcome: 'completed', bytesOut: 1 });
      }
      return served;
    },
    async compareWithVault() {
      const loop = chainCheckLoop(rig.gateway.core);
      loop.start();
      const over = () => loop.health().turns + loop.health().failuresInRow > 0;
      while (!over()) {
        await new Promise((resolve) => setImmediate(resolve));
        network.clock.advance(100);
      }
      await loop.stop();
      if (loop.health().lastError !== undefined) throw new Error(loop.health().lastError);
    },
    async takeOver() {
      for (let ledger = 0; ledger < 130; ledger++) network.pass(5);
      await rig.turns();
    },
    async settle() {
      const { settler, store } = rig.gateway.core;
      const left = () => store.batches.anythingWaits() || store.batches.open().length > 0;
      for (let ledger = 0; ledger < 200 && left(); ledger++) {
        for (const { address } of rig.gateway.core.ledger.accounts()) settler.hurry(address, units(10_000_000));
        await rig.turns(1);
        network.pass(5);
      }
      await rig.turns(1);
      if (store.batches.list({ limit: 1 })[0]?.state !== 'confirmed') throw new Error('nothing was settled');
    },
    payOut: () => meanwhile(rig.gateway.core.payouts.payNow()),
    async settleElsewhere(lane, batch, amount) {
      const { passphrase, clock, vaultAddress: vault, operatorSecret: secret, payees } = network;
      const rpc = createRpc({ url: rpcUrl, passphrase, clock: { ...clock, sleep: never }, fetch: network.line(open) });
      const waiting = { ...clock, sleep: async () => void network.chain.closeLedger() };
      const submitter = createSubmitter({ rpc, clock: waiting, feeMaxStroops: 10_000_000 });
      const lines = [{ payee: payees[0] ?? '', account: consumer.address, amount }];
      const operation = settleOperation(vault, { lane, batch, root: 'ab'.repeat(32), lines });
      const outcome = await submitter.submit({ operation, secret });
      if (outcome.status !== 'landed') throw new Error(JSON.stringify(outcome));
    },
    async restoreCopy() {
      const file = path.join(dir, `copy-${databases++}.db`);
      await rig.gateway.core.store.backup(file);
      await rig.gateway.stop();
      restoreDatabase(configOf(network, places), { file, keepTokens: false }, network.clock);
      rig.gateway = await begin(network);
    },
    async restart({ anew = false, network: seen = network, firstStart } = {}) {
      await rig.gateway.stop();
      if (anew) places = newPlaces();
      rig.gateway = await begin(seen, firstStart);
    },
  };
  onTestFinished(async () => {
    await rig.gateway.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  });
  // The first look at the vault, before anybody pays in: behind a deposit a gateway might have served before.
  await rig.turns(1);
  return rig;
}

const open = { fault: () => undefined, before: async () => undefined, after: async () => undefined };

/** What the consumer has paid in there. */
export const held = units(100_000n);

/** The same with a consumer who has paid in. */
export async function startFunded(seed: string, through?: (network: SimNetwork) => SimNetwork): Promise<CoreRig> {
  const rig = await startCore(seed, through);
  await rig.consumer.deposit(rig.consumer.address, held);
  await rig.turns();
  return rig;
}
