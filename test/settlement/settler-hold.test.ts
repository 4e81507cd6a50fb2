import fs from 'node:fs';
import { expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import type { SettlerDeps } from '../../src/settlement/settler.ts';
import { createProposer } from '../../src/store/seal-proposal.ts';
import { addressOf, createSettlementRig } from './rig.ts';
import { vaultAddress } from './scripted-chain.ts';

const [account, payee] = [addressOf('account'), addressOf('payee')];

it('nothing is sent that is not on disk, neither at the first try nor by a later turn', async () => {
  let failing = false;
  const rig = createSettlementRig(
    {},
    { fdatasync: (descriptor, done) => (failing ? done(new Error('EIO')) : fs.fdatasync(descriptor, done)) },
  );
  rig.deposit(account, 1_000n);
  rig.charge(account, payee, 5);
  failing = true;
  for (let turn = 0; turn < 6; turn++) {
    await rig.settler.turn().catch(() => undefined);
    rig.chain.close();
    rig.clock.advance(60_000);
  }
  expect(rig.chain.sends).toEqual([]);
});

it('a hurry that comes while a batch is chosen is about what that batch has not taken', async () => {
  const rules: SettlerDeps['rules'] = { intervalMs: 0, minTotal: units(1_000), ageMaxMs: 3_600_000, entriesMax: 100 };
  let chosen = 0;
  const rig = createSettlementRig({
    rules,
    async propose(request) {
      const proposal = createProposer(rig.store.db, { hashLeaf: (row) => hashLeaf(vaultAddress, row), rootOf })(
        request,
      );
      chosen++;
      // Somebody asks for a withdrawal after the choice, with a charge too small to be settled for its own sake.
      if (proposal && chosen === 1) {
        rig.charge(account, payee, 5);
        rig.settler.hurry(account, units(1_000_000));
      }
      return proposal;
    },
  });
  rig.deposit(account, 10_000n);
  rig.charge(account, payee, 1_500);
  await rig.run(20);
  expect(rig.chain.accounts.get(account)?.settled).toBe(1_505n);
});

it('a hurry that comes while the network is asked for its limits is heard by the batch that is chosen with them', async () => {
  const rules: SettlerDeps['rules'] = { intervalMs: 0, minTotal: units(1_000), ageMaxMs: 3_600_000, entriesMax: 100 };
  const rig = createSettlementRig({ rules });
  const { settings } = rig.chain.vault;
  let asked = false;
  rig.chain.vault.settings = async (signal) => {
    if (!asked) rig.settler.hurry(account, units(1_000_000));
    asked = true;
    return settings(signal);
  };
  rig.deposit(account, 10_000n);
  rig.charge(account, payee, 300);
  await rig.run(20);
  expect(rig.chain.accounts.get(account)?.settled).toBe(300n);
});
