import { type ClassicAliases, createClassicAliases } from '../deposits/classic-alias.ts';
import { createClassicForwarder } from '../deposits/classic-forwarder.ts';
import type { ClassicAsset } from '../deposits/classic-rules.ts';
import { type ClassicWatcher, createClassicWatcher } from '../deposits/classic-watcher.ts';
import { createLoop, type Loop } from '../loop.ts';
import { most, type Units } from '../money.ts';
import { existingAccounts } from '../stellar/existing-accounts.ts';
import { createHorizon } from '../stellar/horizon.ts';
import { deriveKey } from '../stellar/seeds.ts';
import { createSubmitter } from '../stellar/submitter.ts';
import { publicKeyOf } from '../stellar/transactions.ts';
import type { Core } from './core.ts';

/** The classic deposit account, where the operator offers one: its watcher, its way into the vault, its numbers. */
export type Classic = {
  /** G… address that is paid. */
  address: string;
  asset: ClassicAsset;
  /** Less than this is not forwarded: the higher of the operator's bound and the vault's. */
  min: Units;
  aliases: ClassicAliases;
  watcher: ClassicWatcher;
  loops: Loop[];
  /** A payment has become due. */
  wake(): void;
};

/** How often refused payments are looked at again; one that becomes due wakes the loop at once, ms. */
const forwardLookMs = 5_000;

export function createClassic(core: Core, openAccount: (address: string) => { id: number }): Classic | undefined {
  const { store, rpc, vault, ledger, clock, log, facts, asset } = core;
  const { deposits, stellar } = core.config();
  if (!deposits.classic) return undefined;
  if (!asset)
    throw new Error(`deposits.classic: the vault's token ${facts.token} is no classic asset that wallets can pay`);
  if (stellar.horizonUrl === undefined) throw new Error('deposits.classic needs stellar.horizon_url');
  const { secret } = deposits.classic;
  const address = publicKeyOf(secret);
  const min = most(deposits.classic.minUnits, facts.minDeposit);
  const { sync, meta, classicPayments: payments } = store;
  const aliases = createClassicAliases({
    key: deriveKey(secret, 'deposit aliases'),
    account: address,
    aliases: store.depositAliases,
    meta,
    onAlias(alias, accountId) {
      if (payments.assignAlias(address, alias, accountId, min) > 0) wake();
    },
  });
  const watcher = createClassicWatcher({
    horizon: createHorizon({ url: stellar.horizonUrl, passphrase: stellar.passphrase, clock }),
    payments,
    deposits: store.deposits,
    meta,
    account: address,
    asset,
    min: () => min,
    aliases,
    aliasOwner: store.depositAliases.owner,
    knownAccount: ledger.account,
    openAccount,
    existing: (addresses, signal) => existingAccounts(rpc, addresses, signal),
    newestLedger: () => core.watcher.state().lastLedger,
    onDue: () => wake(),
    sync,
    clock,
    log,
  });
  const forwarder = createClassicForwarder({
    vault,
    submitter: createSubmitter({ rpc, clock, feeMaxStroops: stellar.feeMaxStroops }),
    payments,
    forwards: store.classicForwards,
    meta,
    account: address,
    secret,
    sync,
    clock,
    log,
  });
  const watchLoop = createLoop({
    name: 'classic deposits',
    intervalMs: deposits.pollIntervalMs,
    clock,
    log,
    turn: watcher.turn,
  });
  const forwardLoop = createLoop({
    name: 'classic forwards',
    intervalMs: forwardLookMs,
    clock,
    log,
    turn: forwarder.turn,
  });
  const wake = () => forwardLoop.wake();
  return { address, asset, min, aliases, watcher, loops: [watchLoop, forwardLoop], wake };
}
