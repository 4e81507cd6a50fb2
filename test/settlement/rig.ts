import { createHash } from 'node:crypto';
import { Keypair } from '@stellar/stellar-sdk/base';
import { createLedger, type Ledger } from '../../src/billing/ledger.ts';
import type { FakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { units } from '../../src/money.ts';
import { confirmSettled, type SettledOnChain } from '../../src/settlement/confirm.ts';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import { createSettler, type Settler, type SettlerDeps } from '../../src/settlement/settler.ts';
import { decodeVaultEvent } from '../../src/stellar/vault-events.ts';
import { createProposer } from '../../src/store/seal-proposal.ts';
import type { Store, StoreOptions } from '../../src/store/store.ts';
import { accountState, openTestStore, writeCharge } from '../store/rig.ts';
import { limitPeriodS, ScriptedChain, vaultAddress } from './scripted-chain.ts';

export function addressOf(name: string): string {
  return Keypair.fromRawEd25519Seed(createHash('sha256').update(name).digest()).publicKey();
}

/** The scripted chain asks for no signature; keys are derived from it all the same. */
const operatorSecret = Keypair.fromRawEd25519Seed(createHash('sha256').update('operator').digest()).secret();

export type SettlementRig = {
  chain: ScriptedChain;
  store: Store;
  clock: FakeClock;
  ledger: Ledger;
  settler: Settler;
  confirm(settled: SettledOnChain): ReturnType<typeof confirmSettled>;
  /** A new process on the same database. */
  restart(deps?: Partial<SettlerDeps>): void;
  deposit(account: string, amount: bigint, limitLeft?: bigint): void;
  charge(account: string, payee: string, price: number): number;
  /** Turns and ledgers until nothing is open, at most `roundsMax` ledgers. */
  run(roundsMax?: number): Promise<void>;
  /** Hands over what the watcher would have seen. */
  watch(): void;
};

/** A settler on a real store and a real ledger, before a scripted chain. */
export function createSettlementRig(
  overrides: Partial<SettlerDeps> = {},
  storeOptions: Partial<StoreOptions> = {},
): SettlementRig {
  const { store, clock } = openTestStore(storeOptions);
  const chain = new ScriptedChain();
  const chainTimeS = () => chain.closedAtS;
  const log = silentLog();

  function start(deps: Partial<SettlerDeps>) {
    const ledger = createLedger({ limitPeriodS, chainTimeS });
    for (const row of store.accounts.loadAll()) ledger.open(row);
    const { batches, meta, accounts, payouts } = store;
    const confirm = (settled: SettledOnChain) => confirmSettled({ batches, meta, ledger, limitPeriodS, log }, settled);
    const propose = createProposer(store.db, { hashLeaf: (row) => hashLeaf(vaultAddress, row), rootOf });
    const settler = createSettler({
      rpc: chain.rpc,
      vault: chain.vault,
      batches,
      propose: async (request) => propose(request),
      meta,
      accounts,
      payouts,
      confirm,
      clock,
      log,
      operatorSecret,
      feeMaxStroops: 1_000_000,
      rules: { intervalMs: 0, minTotal: units(1), ageMaxMs: 3_600_000, entriesMax: 100 },
      limitPeriodS,
      chainTimeS,
      seenLedger: () => chain.ledger,
      sync: () => store.sync(),
      ...deps,
    });
    return { ledger, confirm, settler };
  }

  const rig: SettlementRig = {
    chain,
    store,
    clock,
    ...start(overrides),
    restart(deps = {}) {
      Object.assign(rig, start({ ...overrides, ...deps }));
    },
    deposit(account, amount, limitLeft) {
      chain.fund(account, amount, limitLeft);
      const state = accountState({ deposited: Number(amount), limit: 1e12 });
      const applied = store.deposits.applySnapshot({ address: account, ledger: chain.ledger, state });
      if (!applied) throw new Error('the rig’s snapshots are never old');
      rig.ledger.applyChain(rig.ledger.open({ id: applied.accountId, address: account }), applied.change);
    },
    charge(account, payee, price) {
      const id = writeCharge(store, { account, payee, price, atMs: clock.nowMs() });
      const slot = rig.ledger.open({ id: store.accounts.ensure(account), address: account });
      const result = rig.ledger.hold(slot, undefined, units(price));
      if (!result.ok) throw new Error(`the rig's ${account} cannot pay ${price}: ${result.reason}`);
      rig.ledger.capture(result.hold);
      return id;
    },
    async run(roundsMax = 100) {
      for (let round = 0; round < roundsMax; round++) {
        const more = await rig.settler.turn().catch(() => false);
        const { lanes } = rig.settler.status();
        if (!more && lanes.every((lane) => lane.state === 'idle' && lane.waitingFor === undefined)) return;
        if (lanes.every((lane) => lane.state === 'halted')) return;
        if (more) continue;
        chain.close();
        clock.advance(5_000);
      }
    },
    watch() {
      for (const raw of chain.events) {
        const event = decodeVaultEvent(raw, vaultAddress);
        if (event.kind === 'settled') rig.confirm(event);
      }
    },
  };
  return rig;
}
