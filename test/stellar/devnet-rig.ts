import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Keypair } from '@stellar/stellar-sdk';
import { createLedger, type Ledger } from '../../src/billing/ledger.ts';
import { systemClock } from '../../src/clock.ts';
import { createWatcher, type Watcher } from '../../src/deposits/watcher.ts';
import { type Devnet, startDevnet } from '../../src/devnet/devnet.ts';
import { silentLog } from '../../src/log.ts';
import { createJournal, type Journal } from '../../src/metering/journal.ts';
import { type Units, units } from '../../src/money.ts';
import { beganLate, beginAdoption } from '../../src/settlement/adoption.ts';
import { confirmSettled, type SettledOnChain } from '../../src/settlement/confirm.ts';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import { createPayouts, type Payouts } from '../../src/settlement/payouts.ts';
import { type ReconcileReport, reconcile } from '../../src/settlement/reconcile.ts';
import { createRootChain } from '../../src/settlement/root-chain.ts';
import { createSettler, type Settler } from '../../src/settlement/settler.ts';
import { type AccountTransactions, createAccountTransactions } from '../../src/stellar/account-transactions.ts';
import { deployVault, landed } from '../../src/stellar/deploy.ts';
import { createRpc, type Rpc } from '../../src/stellar/rpc.ts';
import { withinSight } from '../../src/stellar/sighted-rpc.ts';
import { createSubmitter, type Submitter } from '../../src/stellar/submitter.ts';
import { createTestAsset } from '../../src/stellar/test-asset.ts';
import { createVault, type Vault } from '../../src/stellar/vault-client.ts';
import { createProposer } from '../../src/store/seal-proposal.ts';
import type { Store } from '../../src/store/store.ts';
import { openTestStore } from '../store/rig.ts';

/** A vault on the embedded network, and the money side of a gateway before it. */

export const secretOf = (name: string) =>
  Keypair.fromRawEd25519Seed(createHash('sha256').update(`on devnet ${name}`).digest()).secret();
export const addressOf = (name: string) => Keypair.fromSecret(secretOf(name)).publicKey();
export const usdc = (text: number) => units(BigInt(Math.round(text * 10_000_000)));

const people = ['admin', 'operator', 'issuer', 'treasury', 'payee', 'late payee', 'alice', 'bob'];

export const vaultConfig = {
  feeBps: 250,
  withdrawDelayS: 86_400,
  upgradeDelayS: 172_800,
  defaultLimit: units(2n ** 62n),
  limitPeriodS: 86_400,
  minDeposit: units(1_000),
  lanes: 32,
};

export type Chain = {
  devnet: Devnet;
  rpc: Rpc;
  submitter: Submitter;
  vaultAddress: string;
  token: string;
  issuer: string;
};

export async function deployedChain(): Promise<Chain> {
  const devnet = await startDevnet({ clock: systemClock, log: silentLog() });
  const rpc = createRpc({ url: devnet.rpcUrl, passphrase: devnet.passphrase, clock: systemClock });
  const submitter = createSubmitter({ rpc, clock: systemClock, feeMaxStroops: 10_000_000, pollIntervalMs: 20 });
  for (const name of people) {
    const answer = await fetch(`${devnet.friendbotUrl}?addr=${addressOf(name)}`);
    if (!answer.ok) throw new Error(await answer.text());
  }
  const asset = await createTestAsset(
    { rpc, submitter },
    {
      code: 'USDC',
      issuerSecret: secretOf('issuer'),
      holders: people
        .filter((name) => name !== 'issuer' && name !== 'late payee')
        .map((name) => ({ secret: secretOf(name), amount: usdc(['alice', 'bob'].includes(name) ? 1_000 : 0) })),
    },
  );
  const { vault } = await deployVault(
    { rpc, submitter },
    {
      wasm: readFileSync(new URL('../../contracts/dist/vault.wasm', import.meta.url)),
      adminSecret: secretOf('admin'),
      operator: addressOf('operator'),
      token: asset.contract,
      treasury: addressOf('treasury'),
      config: vaultConfig,
      payees: [addressOf('payee')],
      salt: createHash('sha256').update('vault').digest(),
    },
  );
  return { devnet, rpc, submitter, vaultAddress: vault, token: asset.contract, issuer: asset.issuer };
}

export type MoneyRig = {
  store: Store;
  ledger: Ledger;
  journal: Journal;
  vault: Vault;
  watcher: Watcher;
  settler: Settler;
  payouts: Payouts;
  hurries: number;
  catchUp(): Promise<void>;
  /** One finished, paid call, as the gateway books it. */
  call(account: string, price: Units, payee?: string): Promise<void>;
  reconcile(): Promise<ReconcileReport>;
  /** A new process on the same database. */
  restart(rpc?: Rpc): void;
};

export function createMoneyRig(chain: Chain, rpc: Rpc = chain.rpc): MoneyRig {
  const clock = systemClock;
  const log = silentLog();
  const { store } = openTestStore({ clock });
  function start(through: Rpc) {
    const vault = createVault({ rpc: through, vault: chain.vaultAddress });
    const chainTimeS = () => Math.floor(watcher.state().lastClosedAtMs / 1000);
    const ledger = createLedger({ limitPeriodS: vaultConfig.limitPeriodS, chainTimeS });
    for (const row of store.accounts.loadAll()) ledger.open(row);
    const { batches, meta, accounts, deposits } = store;
    const { limitPeriodS } = vaultConfig;
    const confirm = (settled: SettledOnChain) => confirmSettled({ batches, meta, ledger, limitPeriodS, log }, settled);
    const sync = () => store.sync();
    const operatorSecret = secretOf('operator');
    const watcher = createWatcher({
      rpc: through,
      vault,
      deposits,
      exits: store.exits,
      meta,
      ledger,
      clock,
      log,
      token: chain.token,
      closesAtWill: true,
      payees: [addressOf('payee'), addressOf('late payee')],
      onFirstSight: (_, signal) =>
        beginAdoption({ vault, meta, newest: () => through.latestLedger(), firstStart: true }, 32, signal),
      onSettled: (event) => ({ accountsChangedUnseen: confirm(event) === 'earlier' }),
      onHurry: (account) => {
        rig.hurries++;
        settler.hurry(account, ledger.account(account)?.unsettled ?? units(0n));
      },
      sync,
    });
    const sight = () => ({ ledger: watcher.state().lastLedger, closedAtS: chainTimeS() });
    const sighted = withinSight(through, sight, 0);
    const propose = createProposer(store.db, { hashLeaf: (row) => hashLeaf(chain.vaultAddress, row), rootOf });
    const settler = createSettler({
      rpc: sighted,
      vault: createVault({ rpc: sighted, vault: chain.vaultAddress }),
      batches,
      propose: async (request) => propose(request),
      meta,
      accounts,
      payouts: store.payouts,
      confirm,
      clock,
      log,
      operatorSecret,
      feeMaxStroops: 10_000_000,
      rules: { intervalMs: 0, minTotal: units(1), ageMaxMs: 3_600_000, entriesMax: 100 },
      limitPeriodS,
      chainTimeS,
      seenLedger: () => watcher.state().lastLedger,
      sync,
    });
    const payouts = createPayouts({
      vault,
      submitter: chain.submitter,
      payouts: store.payouts,
      whileIdle: settler.whileIdle,
      clock,
      log,
      operatorSecret,
      payoutMin: units(1),
      intervalMs: 60_000,
    });
    return { ledger, vault, watcher, settler, payouts };
  }
  const journal = createJournal({
    db: store.journalDb,
    clock,
    log,
    durability: 'process',
    walSyncIntervalMs: 1_000,
    sync: () => store.sync(),
  });
  const rig: MoneyRig = {
    store,
    journal,
    hurries: 0,
    ...start(rpc),
    async catchUp() {
      while (await rig.watcher.turn());
    },
    async call(account, price, payee = addressOf('payee')) {
      const slot = rig.ledger.open({ id: store.accounts.ensure(account), address: account });
      const held = rig.ledger.hold(slot, undefined, price);
      if (!held.ok) throw new Error(held.reason);
      const id = store.nextCallId();
      const routeId = store.routes.ensure({ api: 'demo', payee, method: 'GET', template: '/demo/*' });
      const atMs = clock.nowMs();
      await journal.charge({ id, atMs, accountId: slot.id, routeId, method: 'GET', status: 200, priceUnits: price });
      rig.ledger.capture(held.hold);
      journal.finish({ chargeId: id, atMs, outcome: 'completed', bytesIn: 0, bytesOut: 1, durationMs: 1 });
      await journal.flush();
    },
    reconcile: () =>
      reconcile({
        vault: rig.vault,
        accounts: store.accounts,
        batches: store.batches,
        payouts: store.payouts,
        classicPayments: store.classicPayments,
        deposits: store.deposits,
        meta: store.meta,
        ledger: rig.ledger,
        rootChain: createRootChain(store),
        incomplete: beganLate(store.meta, vaultConfig.lanes) ? store.meta : undefined,
        catchUp() {
          rig.watcher.wantTransfers();
          return rig.catchUp();
        },
      }),
    restart(through = rpc) {
      Object.assign(rig, start(through));
    },
  };
  return rig;
}

export function accountOf(chain: Chain, name: string): AccountTransactions {
  return createAccountTransactions({ submitter: chain.submitter, vault: chain.vaultAddress, secret: secretOf(name) });
}

export async function deposit(chain: Chain, name: string, amount: Units, account = addressOf(name)): Promise<void> {
  landed('deposit', await accountOf(chain, name).deposit(account, amount));
}
