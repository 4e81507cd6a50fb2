import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { restoreDatabase } from '../../src/app/restore.ts';
import { configOf } from './config.ts';
import type { Life } from './life.ts';
import { nothing } from './losses.ts';

/** What happens to the database as a file: copies of it, its loss, and the ways back that the product has. */

/** A copy beside all that goes on, as `callora backup` makes it. */
export async function backup(life: Life): Promise<void> {
  const gateway = await life.alive();
  const { copies } = life.losses;
  const file = path.join(life.folder, `copy-${copies.length}.db`);
  await gateway.core.store.backup(file);
  copies.push({ file, known: life.model.copy(), restores: life.losses.restores });
  life.count('backup');
}

export async function backupInFlight(life: Life): Promise<void> {
  await life.alive();
  if (await leaveInFlight(life)) life.count('copied in flight');
  await backup(life);
  life.network.chain.freeze(life.random.chance(0.5));
}

/** The process ends, and a copy takes the place of its database, as `callora restore` puts it there. */
export async function restore(life: Life): Promise<void> {
  const { copies } = life.losses;
  if (copies.length === 0) return;
  const { network, random } = life;
  await life.alive();
  await life.kill();
  // Mostly the newest one, but people take the wrong one too.
  const copy = random.chance(0.6) ? copies.at(-1) : random.pick(copies);
  if (!copy) return;
  // Without the lost database a copy does not tell how many restarts another copy has seen that took its place.
  if (copy.restores === life.losses.restores && random.chance(0.3)) {
    removeFiles(life, random.chance(0.5) ? everyFile : ['']);
  }
  const keepTokens = random.chance(0.5);
  restoreDatabase(configOf(network, life.places), { file: copy.file, keepTokens }, network.clock);
  life.losses.begin(life);
  life.model.lose(copy.known);
  // Whoever keeps them takes it upon himself, also for those that an earlier loss had ended.
  if (keepTokens) life.losses.refusedTokens.length = 0;
  else loseTokens(life);
  life.count('restore');
}

export async function restoreInFlight(life: Life): Promise<void> {
  if (life.losses.copies.length === 0) return;
  await life.alive();
  if (await leaveInFlight(life)) life.count('lost in flight');
  await restore(life);
}

/** No copy is left: the gateway begins with an empty database. */
export async function deleteDatabase(life: Life): Promise<void> {
  // A database that begins anew tells its calls from those of the lost one by the time, half an hour for each start.
  life.network.pass(1_800 * (life.counts.start ?? 0));
  await life.alive();
  if (await leaveInFlight(life)) life.count('lost in flight');
  await life.kill();
  removeFiles(life, everyFile);
  life.losses.begin(life);
  life.model.lose(nothing);
  loseTokens(life);
  life.count('database deleted');
}

/** Time passes until nothing can land that the lost process has signed. */
export async function waitForTheLost(life: Life): Promise<void> {
  if (!life.losses.waiting) return;
  life.network.chain.freeze(false);
  passTheSigned(life);
  const gateway = await life.alive();
  await expectTokensRefused(life);
  for (let turn = 0; turn < 3 && !gateway.dead; turn++) {
    await life.soon(gateway.run(gateway.core.watcher.turn()));
    await life.soon(gateway.run(gateway.core.settler.turn()));
    life.losses.follow(life);
    life.network.pass(5);
  }
}

/** Some of them may have been revoked in the lost database, so none may be good again. */
function loseTokens({ tokens, losses }: Life): void {
  for (const { token } of tokens.values()) losses.refusedTokens.push(token);
  tokens.clear();
}

async function expectTokensRefused({ losses, gateway }: Life): Promise<void> {
  for (const token of losses.refusedTokens) {
    const verdict = await gateway?.core.verifier.verify(token);
    expect(verdict).toMatchObject({ ok: false, reason: expect.stringMatching(/^token_(revoked|expired)$/) });
  }
}

function passTheSigned({ network }: Life): void {
  network.pass(601);
  for (let ledger = 0; ledger < 121; ledger++) network.chain.closeLedger();
}

/** A batch is on its way, and lands only later; false when there is none. */
async function leaveInFlight(life: Life): Promise<boolean> {
  const { gateway } = life;
  if (!gateway) return false;
  life.network.chain.freeze(true);
  await life.soon(gateway.run(gateway.core.settler.settleNow({ timeoutMs: 0 })));
  return gateway.core.store.batches.open().some(({ state }) => state === 'submitted');
}

const everyFile = ['', '-wal', '-shm', '-synced'];

/** Some delete what they take for all of a database, and leave its log. */
function removeFiles({ places }: Life, suffixes: string[]): void {
  for (const suffix of suffixes) fs.rmSync(`${places.file}${suffix}`, { force: true });
}
