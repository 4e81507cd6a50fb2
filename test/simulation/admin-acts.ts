import { createHash } from 'node:crypto';
import { uploadOperation } from '../../src/stellar/vault-acts.ts';
import type { Life } from './life.ts';
import { sameInterface, upgradeDelayS } from './network.ts';

/** What the vault's admin does, who lives elsewhere; the gateway hears of it from the chain. */

const settlement = 2;

export async function pauseVault(life: Life): Promise<void> {
  const { network } = life;
  const { status } = await network.act({ kind: 'pause', caller: network.adminAddress, flags: settlement });
  if (status === 'landed') life.count('vault paused');
}

export async function unpauseVault(life: Life): Promise<void> {
  const { status } = await life.network.act({ kind: 'unpause', flags: settlement });
  if (status === 'landed') life.count('vault unpaused');
}

export async function removePayee(life: Life): Promise<void> {
  const address = life.random.pick(life.network.payees);
  const { status } = await life.network.act({ kind: 'remove_payee', address });
  if (status !== 'landed') return;
  life.removedPayees.add(address);
  life.count('payee removed');
}

export async function listPayees(life: Life): Promise<void> {
  for (const address of [...life.removedPayees]) {
    const { status } = await life.network.act({ kind: 'add_payee', address });
    if (status === 'landed') life.removedPayees.delete(address);
  }
}

/** Announced before, applied now: the same code under another hash, so that what was signed for the one before fails. */
export async function upgradeVault(life: Life): Promise<void> {
  const { network, counts } = life;
  const wasm = sameInterface(counts['vault upgraded'] ?? 0);
  const hash = createHash('sha256').update(wasm).digest('hex');
  const steps = [
    () => network.submit(uploadOperation(wasm)),
    () => network.act({ kind: 'propose_upgrade', hash }),
    () => network.act({ kind: 'apply_upgrade' }),
  ];
  for (const [index, step] of steps.entries()) {
    if (index === 2) network.pass(upgradeDelayS);
    if ((await step()).status !== 'landed') return;
  }
  life.count('vault upgraded');
}

/** Its admin leaves nothing as it should not stay. */
export async function putVaultRight(life: Life): Promise<void> {
  if (life.counts['vault paused'] !== undefined) await unpauseVault(life);
  await listPayees(life);
}
