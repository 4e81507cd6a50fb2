import { describe, expect, it } from 'vitest';
import {
  adoptionOf,
  beganLate,
  beginAdoption,
  signLifeMaxLedgers,
  signLifeMaxS,
} from '../../src/settlement/adoption.ts';
import { RpcError } from '../../src/stellar/json-rpc.ts';
import { authorisationLedgers } from '../../src/stellar/submitter.ts';
import { addressOf, createSettlementRig } from './rig.ts';
import type { ScriptedChain } from './scripted-chain.ts';

const consumer = addressOf('consumer');
const payee = addressOf('payee');
const root = 'ab'.repeat(32);

/** A database that begins on a vault whose lane is at batch 3. */
async function adopting() {
  const rig = createSettlementRig();
  for (let batch = 0; batch < 3; batch++) rig.chain.settleForeign(0, root);
  await beginAdoption({ vault: rig.chain.vault, meta: rig.store.meta, newest: async () => rig.chain }, lanes);
  rig.deposit(consumer, 1_000n);
  return rig;
}

/** Ledgers that close more slowly than those of a busy network. */
function closeSlowly(chain: ScriptedChain, ledgers: number): void {
  for (let ledger = 0; ledger < ledgers; ledger++) {
    chain.close();
    chain.closedAtS += 5;
  }
}

const lanes = 32;

function lagging(): never {
  throw new RpcError('lagging', 'the server is behind');
}

describe('a database that begins on a settled lane', () => {
  it('settles nothing before whatever the process before it signed can no longer land', async () => {
    const rig = await adopting();
    rig.charge(consumer, payee, 5);
    await rig.settler.turn();
    expect(rig.settler.status()).toMatchObject({ synced: false, foreign: false, lanes: [{ state: 'idle' }] });
    expect(rig.settler.status().lanes[0]?.waitingFor).toContain('take over lane 0');
    rig.chain.close(signLifeMaxS);
    await rig.settler.turn();
    expect(rig.chain.builds).toBe(0);
    rig.chain.close(5);
    await rig.run();
    expect(rig.settler.status()).toMatchObject({ synced: true, foreign: false });
    expect(rig.chain.lanes.get(0)?.batch).toBe(4);
    expect(rig.chain.accounts.get(consumer)?.settled).toBe(5n);
  });

  it('begins its wait on no word older than what the source has shown', async () => {
    const { chain, store } = createSettlementRig();
    chain.settleForeign(0, root);
    const { ledger, closedAtS } = chain;
    const deps = { vault: chain.vault, meta: store.meta, seenLedger: ledger };
    const stale = { ledger: ledger - 150, closedAtS: closedAtS - 1_000 };
    await expect(beginAdoption({ ...deps, newest: async () => stale }, lanes)).rejects.toMatchObject({
      failure: 'lagging',
    });
    expect(adoptionOf(store.meta, 0).since).toBeUndefined();
    await beginAdoption({ ...deps, newest: async () => chain }, lanes);
    expect(adoptionOf(store.meta, 0).since).toEqual({ ledger, closedAtS });
  });

  it.each(['usedLanes', 'lastBatch'] as const)(
    'is not told by an older answer which lanes are settled: %s',
    async (view) => {
      const { chain, store } = createSettlementRig();
      chain.settleForeign(0, root);
      const seenLedger = chain.ledger;
      const old: Record<typeof view, Partial<typeof chain.vault>> = {
        // As a server that has not seen the settlement yet answers a question that names what was seen.
        usedLanes: { usedLanes: async (_lanes, _signal, since = 0) => (since > seenLedger - 5 ? lagging() : []) },
        lastBatch: {
          lastBatch: async (lane) => ({ ...(await chain.vault.lastBatch(lane)), seenLedger: seenLedger - 5 }),
        },
      };
      const vault = { ...chain.vault, ...old[view] };
      const begun = beginAdoption({ vault, meta: store.meta, newest: async () => chain, seenLedger }, lanes);
      await expect(begun).rejects.toMatchObject({ failure: 'lagging' });
      expect(adoptionOf(store.meta, 0)).toMatchObject({ batch: 0, since: undefined });
    },
  );

  it('is known to have begun at the beginning, where only deposits were there, once the wait is over', async () => {
    const rig = createSettlementRig();
    rig.deposit(consumer, 1_000n);
    await beginAdoption({ vault: rig.chain.vault, meta: rig.store.meta, newest: async () => rig.chain }, lanes);
    expect(beganLate(rig.store.meta, lanes)).toBe(true);
    rig.restart({ unusedLanes: () => Array.from({ length: lanes - 1 }, (_, index) => index + 1) });
    rig.chain.close(signLifeMaxS + 5);
    await rig.run();
    expect(beganLate(rig.store.meta, lanes)).toBe(false);
  });

  it('ends its wait by no older word: the batch that landed meanwhile keeps its number', async () => {
    const rig = await adopting();
    const { chain } = rig;
    rig.charge(consumer, payee, 5);
    chain.close(60);
    const old = await chain.vault.lastBatch(0);
    // What the process before it had on its way lands.
    chain.settleForeign(0, root);
    const at = { ledger: chain.ledger, txHash: 'aa', closedAtMs: chain.closedAtS * 1000 };
    expect(rig.confirm({ lane: 0, batch: 4, root, taken: [1n], ...at })).toBe('earlier');
    chain.close(signLifeMaxS + 5);
    rig.restart({ vault: { ...chain.vault, lastBatch: async () => old } });
    expect(await rig.settler.turn().catch(({ failure }) => failure)).toBe('lagging');
    rig.restart();
    await rig.run();
    expect(rig.settler.status()).toMatchObject({ synced: true, foreign: false, lanes: [{ state: 'idle' }] });
    expect(chain.lanes.get(0)?.batch).toBe(5);
  });

  it('waits for the ledgers that end a co-signature, when they close slowly', async () => {
    const rig = await adopting();
    const signedUntil = rig.chain.ledger + authorisationLedgers;
    closeSlowly(rig.chain, 80);
    expect(rig.chain.closedAtS).toBeGreaterThan((adoptionOf(rig.store.meta, 0).since?.closedAtS ?? 0) + signLifeMaxS);
    await rig.settler.turn();
    expect(rig.settler.status()).toMatchObject({
      synced: false,
      lanes: [{ waitingFor: expect.stringContaining('ledgers') }],
    });
    closeSlowly(rig.chain, signLifeMaxLedgers - 80);
    await rig.settler.turn();
    expect(rig.settler.status().synced).toBe(true);
    expect(rig.chain.ledger).toBeGreaterThan(signedUntil);
  });

  it('takes late batches of the process before it for history, and those after for foreign', async () => {
    const rig = await adopting();
    const settled = { lane: 0, root, taken: [1n], ledger: 5, txHash: 'aa', closedAtMs: 0 };
    expect(rig.confirm({ ...settled, batch: 2 })).toBe('earlier');
    rig.chain.settleForeign(0, root);
    expect(rig.confirm({ ...settled, batch: 4 })).toBe('earlier');
    expect(adoptionOf(rig.store.meta, 0).batch).toBe(4);
    rig.chain.close(signLifeMaxS + 5);
    await rig.run();
    expect(rig.settler.status().synced).toBe(true);
    rig.restart();
    await rig.run();
    expect(rig.settler.status().foreign).toBe(false);
    expect(rig.confirm({ ...settled, batch: 5 })).toBe('foreign_root');
  });

  it('is not needed on a fresh vault', async () => {
    const rig = createSettlementRig();
    await beginAdoption({ vault: rig.chain.vault, meta: rig.store.meta, newest: async () => rig.chain }, lanes);
    await rig.settler.turn();
    expect(rig.settler.status().synced).toBe(true);
  });
});

function beginRestored({ chain, store }: ReturnType<typeof createSettlementRig>): Promise<void> {
  return beginAdoption({ vault: chain.vault, meta: store.meta, newest: async () => chain, restored: true }, lanes);
}

describe('a database restored from a copy', () => {
  it('sells and settles nothing before the watcher has looked, although the numbers agree', async () => {
    const rig = createSettlementRig({ begun: () => false });
    await rig.settler.turn();
    expect(rig.settler.status()).toMatchObject({ synced: false, foreign: false });
    expect(rig.settler.status().lanes[0]?.waitingFor).toContain('first look');
  });

  it('waits on a lane without batches too, and is brought up to the vault before the lane goes on', async () => {
    let takenOver = 0;
    const rig = createSettlementRig({
      async onTakenOver() {
        takenOver++;
      },
    });
    await beginRestored(rig);
    rig.deposit(consumer, 1_000n);
    rig.charge(consumer, payee, 5);
    await rig.settler.turn();
    expect(rig.settler.status().synced).toBe(false);
    closeSlowly(rig.chain, signLifeMaxLedgers + 1);
    await rig.run();
    expect(takenOver).toBe(1);
    expect(rig.chain.accounts.get(consumer)?.settled).toBe(5n);
  });

  it('takes another root under the number of its own open batch for history while it waits', async () => {
    const rig = createSettlementRig();
    rig.deposit(consumer, 1_000n);
    rig.charge(consumer, payee, 5);
    rig.chain.congested = true;
    await rig.settler.turn();
    const [open] = rig.store.batches.open();
    expect(open?.batch).toBe(1);
    await beginRestored(rig);
    const settled = { lane: 0, batch: 1, root, taken: [1n], ledger: 5, txHash: 'aa', closedAtMs: 0 };
    expect(rig.confirm(settled)).toBe('earlier');
    expect(adoptionOf(rig.store.meta, 0).batch).toBe(1);
  });
});

describe('a database without a cursor', () => {
  it('is not halted for the batches of the vault before the watcher has noted them', async () => {
    const rig = createSettlementRig({ begun: () => false });
    rig.chain.settleForeign(0, root);
    await rig.settler.turn();
    expect(rig.settler.status()).toMatchObject({ synced: false, foreign: false });
  });
});
