import type { ClassicDeskTerms } from '../admin/deposit-desk.ts';
import { type ClassicAliases, createClassicAliases } from '../deposits/classic-alias.ts';
import { compareCover } from '../deposits/classic-cover.ts';
import { type AccountBalance, type ClassicForwarder, createClassicForwarder } from '../deposits/classic-forwarder.ts';
import type { ClassicAsset } from '../deposits/classic-rules.ts';
import { type ClassicWatcher, createClassicWatcher } from '../deposits/classic-watcher.ts';
import { createLoop, type Loop } from '../loop.ts';
import { formatUsdc, most, type Units, zero } from '../money.ts';
import type { ClassicOffer } from '../portal/classic-deposit.ts';
import type { Check } from '../settlement/identities.ts';
import { readTrustline } from '../stellar/account-transactions.ts';
import { existingAccounts } from '../stellar/existing-accounts.ts';
import { createHorizon } from '../stellar/horizon.ts';
import { deriveKey } from '../stellar/seeds.ts';
import { withinSight } from '../stellar/sighted-rpc.ts';
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
  forwarder: ClassicForwarder;
  loops: Loop[];
  /** A payment has become due. */
  wake(): void;
};

/** What the portal shows of it. */
export function classicOffer(
  { classic, store, ledger }: Pick<Core, 'classic' | 'store' | 'ledger'>,
  openAccount: (address: string) => { id: number },
): ClassicOffer | undefined {
  if (!classic) return undefined;
  const { address, asset, min, aliases } = classic;
  return {
    address,
    asset,
    min,
    paymentsOf(account, limit) {
      const slot = ledger.account(account);
      return slot ? store.classicPayments.ofAccount(slot.id, limit) : [];
    },
    numberOf: (account) => aliases.keep({ accountId: openAccount(account).id, address: account }),
  };
}

/** An identity of the books besides the vault's: the deposit account holds what lies in it. */
export async function classicChecks(core: Core, signal?: AbortSignal): Promise<Check[]> {
  const { classic, store } = core;
  if (!classic) return [];
  const cover = await compareCover(
    {
      account: classic.address,
      balance: async (stop) => (await balanceOf(core, classic, stop)).amount,
      held: () => store.classicPayments.held(classic.address),
    },
    signal,
  );
  return [{ name: 'deposit account covers its payments', ...cover }];
}

async function balanceOf(
  { rpc }: Pick<Core, 'rpc'>,
  { address, asset }: Pick<Classic, 'address' | 'asset'>,
  signal?: AbortSignal,
): Promise<AccountBalance> {
  const { holding, sinceLedger } = await readTrustline(rpc, asset, address, signal);
  // The money is there and cannot move: that is another remedy than closing what was sent back.
  if (!holding.ok && holding.reason === 'not_authorized') {
    throw new Error(`the issuer has not authorised ${address} to move its USDC`);
  }
  return { amount: holding.ok ? holding.balance : zero, sinceLedger };
}

/** What the operator's desk has to know of it. */
export function classicDesk(
  { classic, facts }: Pick<Core, 'classic' | 'facts'>,
  openAccount: (address: string) => { id: number },
): ClassicDeskTerms | undefined {
  return classic && { address: classic.address, vaultMin: facts.minDeposit, openAccount, wake: classic.wake };
}

/** What a refused call offers: arithmetic only, for it stands on the path of calls. */
export function classicWay({ classic }: Pick<Core, 'classic'>, account: string, shortfall: Units): object[] {
  const memo = classic?.aliases.of(account);
  if (!classic || memo === undefined) return [];
  return [
    {
      kind: 'classic',
      address: classic.address,
      memo_type: 'id',
      memo,
      asset_code: classic.asset.code,
      asset_issuer: classic.asset.issuer,
      min: formatUsdc(most(shortfall, classic.min)),
    },
  ];
}

/** How often payments that wait are looked at again; one that becomes due wakes the loop at once, ms. */
const forwardLookMs = 2_000;

/** `fetch` is how Horizon is reached. */
export function createClassic(
  core: Core,
  openAccount: (address: string) => { id: number },
  fetch?: typeof globalThis.fetch,
): Classic | undefined {
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
    horizon: createHorizon({
      url: stellar.horizonUrl,
      passphrase: stellar.passphrase,
      clock,
      ...(fetch ? { fetch } : {}),
    }),
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
    chain: () => core.watcher.state(),
    onDue: () => wake(),
    sync,
    clock,
    log,
  });
  const sight = () => {
    const { lastLedger, lastClosedAtMs } = core.watcher.state();
    return { ledger: lastLedger, closedAtS: Math.floor(lastClosedAtMs / 1_000) };
  };
  // What it signs ends by times and ledgers that the network names: a made-up one would make it outlive the books.
  const sighted = withinSight(rpc, sight, deposits.pollIntervalMs);
  const forwarder = createClassicForwarder({
    vault,
    submitter: createSubmitter({ rpc: sighted, clock, feeMaxStroops: stellar.feeMaxStroops }),
    payments,
    forwards: store.classicForwards,
    account: address,
    secret,
    balance: (signal) => balanceOf(core, { address, asset }, signal),
    readTo: () => watcher.health().readTo,
    sync,
    clock,
    log,
  });
  const watchLoop = createLoop({
    name: 'classic deposits',
    intervalMs: deposits.pollIntervalMs,
    aside: true,
    clock,
    log,
    turn: watcher.turn,
  });
  const forwardLoop = createLoop({
    name: 'classic forwards',
    intervalMs: forwardLookMs,
    aside: true,
    clock,
    log,
    turn: forwarder.turn,
  });
  const wake = () => forwardLoop.wake();
  return { address, asset, min, aliases, watcher, forwarder, loops: [watchLoop, forwardLoop], wake };
}
