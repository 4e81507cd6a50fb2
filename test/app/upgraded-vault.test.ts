import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { chainHealth } from '../../src/app/observe.ts';
import { units } from '../../src/money.ts';
import type { SubmitOutcome } from '../../src/stellar/submitter.ts';
import { uploadOperation, type VaultAct } from '../../src/stellar/vault-acts.ts';
import { type SimNetwork, sameInterface, upgradeDelayS } from '../simulation/network.ts';
import { type CoreRig, held, startFunded } from './core-rig.ts';

/** The admin puts other code in the vault's place, on the real host, while a batch is on its way. */

const vaultWasm = readFileSync(path.resolve(import.meta.dirname, '../../contracts/dist/vault.wasm'));
const price = 2_000n;

/** Code whose function of this name has another one. */
function renamed(name: string): Buffer {
  const [wasm, found] = [Buffer.from(vaultWasm), Buffer.from(`${String.fromCharCode(name.length)}${name}`)];
  const at = wasm.indexOf(found);
  if (at < 0) throw new Error(`the vault exports no ${name}`);
  wasm.write('_', at + found.length - 1);
  return wasm;
}

async function landed(outcome: Promise<SubmitOutcome>): Promise<void> {
  const { status } = await outcome;
  if (status !== 'landed') throw new Error(status);
}

/** Announced; it can be applied from now on. */
async function announce(rig: CoreRig, wasm: Buffer): Promise<void> {
  await landed(rig.network.submit(uploadOperation(wasm)));
  const hash = createHash('sha256').update(wasm).digest('hex');
  await admin(rig, { kind: 'propose_upgrade', hash });
  rig.network.pass(upgradeDelayS);
  await rig.turns();
}

const admin = (rig: CoreRig, what: VaultAct) => landed(rig.network.act(what));
const apply = (rig: CoreRig) => admin(rig, { kind: 'apply_upgrade' });

/** Two calls in a batch that is signed and on disk, and of which the network has heard nothing. */
async function leaveUnsent(rig: CoreRig, line: { loses: boolean }): Promise<void> {
  expect(await rig.sell(2)).toBe(2);
  line.loses = true;
  for (let turn = 0; turn < 3; turn++) {
    rig.gateway.core.settler.hurry(rig.consumer.address, units(10_000_000));
    await rig.turns(1);
  }
  line.loses = false;
  expect(rig.gateway.core.store.batches.open()).toMatchObject([{ state: 'submitted', lane: 0, batch: 1 }]);
}

/** A line to the network that loses what is sent while it is told to. */
function losing(line: { loses: boolean }): (network: SimNetwork) => SimNetwork {
  return (network) => ({
    ...network,
    line: (rules) =>
      network.line({
        ...rules,
        fault: (method) => (line.loses && method === 'sendTransaction' ? { kind: 'refuse' } : rules.fault(method)),
      }),
  });
}

async function settledOnce(rig: CoreRig, calls: number): Promise<void> {
  const { core } = rig.gateway;
  const settled = BigInt(calls) * price;
  expect(await core.vault.account(rig.consumer.address)).toMatchObject({ settled, balance: held - settled });
  expect(core.ledger.account(rig.consumer.address)).toMatchObject({ settled, unsettled: 0n });
  expect(await core.books('test').reconcile()).toMatchObject({ ok: true });
}

it('a batch that was signed for the code of before is signed anew for code of the same interface', async () => {
  const line = { loses: false };
  const rig = await startFunded('same interface', losing(line));
  await announce(rig, sameInterface(2));
  await leaveUnsent(rig, line);
  await apply(rig);
  await rig.turns();
  await rig.settle();
  await settledOnce(rig, 2);
  expect(await rig.sell(1)).toBe(1);
  await rig.settle();
  await settledOnce(rig, 3);
});

it('a vault that no longer says what it is sells and settles nothing until it does again', async () => {
  const line = { loses: false };
  const rig = await startFunded('another interface', losing(line));
  await announce(rig, renamed('config'));
  await leaveUnsent(rig, line);
  await apply(rig);
  await look(rig);
  const { core } = rig.gateway;
  expect(chainHealth(core).stopped).toContain('the vault’s code is not one that this program understands');
  expect(await rig.sell(1)).toBe(0);
  await passBlocked(rig);
  expect(core.store.batches.open()).toMatchObject([{ state: 'sealed', batch: 1 }]);
  expect(core.settler.status().lanes).toMatchObject([{ waitingFor: expect.stringContaining('not one that this') }]);
  expect((await core.vault.lastBatch(0)).batch).toBe(0);
  // A process that begins now knows no more than the one before.
  await rig.restart();
  await look(rig);
  expect(await rig.sell(1)).toBe(0);
  await putRight(rig);
  await rig.settle();
  await settledOnce(rig, 2);
  rig.network.pass(5);
  await rig.turns();
  expect(await rig.sell(1)).toBe(1);
});

it('a vault that has no settle settles nothing and says so, until it has one again', async () => {
  const line = { loses: false };
  const rig = await startFunded('no settle', losing(line));
  await announce(rig, renamed('settle'));
  await leaveUnsent(rig, line);
  await apply(rig);
  await passBlocked(rig);
  const { core } = rig.gateway;
  expect(core.store.batches.open()).toMatchObject([{ state: 'sealed', batch: 1 }]);
  expect(core.settler.status().lanes).toMatchObject([{ waitingFor: expect.stringContaining('no settle') }]);
  await putRight(rig);
  await rig.settle();
  await settledOnce(rig, 2);
});

/** Each loop has its turn, whether the other one's fails or not. */
async function look({ gateway: { core } }: CoreRig): Promise<void> {
  for (const turn of [core.watcher.turn, core.settler.turn]) await turn().catch(() => undefined);
}

/** Long enough for an envelope to expire. */
async function passBlocked(rig: CoreRig): Promise<void> {
  for (let ledger = 0; ledger < 25; ledger++) {
    rig.network.pass(5);
    await look(rig);
  }
}

async function putRight(rig: CoreRig): Promise<void> {
  const hash = createHash('sha256').update(vaultWasm).digest('hex');
  await admin(rig, { kind: 'propose_upgrade', hash });
  rig.network.pass(upgradeDelayS);
  await apply(rig);
  await rig.turns();
}
