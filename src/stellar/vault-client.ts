import type { xdr } from '@stellar/stellar-sdk/base';
import { type Units, units } from '../money.ts';
import { readAccountRecords } from './account-records.ts';
import { addressValue, readBool, readI128, u32Value, u64Value } from './contract-values.ts';
import { ContractViewError, viewContract } from './contract-view.ts';
import { inclusionBid } from './inclusion-bid.ts';
import { RpcError } from './json-rpc.ts';
import { type NetworkSettings, readNetworkSettings } from './network-settings.ts';
import { signatureInstructions } from './operator-authorisation.ts';
import type { Rpc } from './rpc.ts';
import { signSettleAuthorisation } from './settle-authorisation.ts';
import { type SettleCall, settleOperation, settleResources } from './settle-transaction.ts';
import { readSettledRecords, type SettledRecords } from './settled-records.ts';
import { accountSequence, authorisationLedgers } from './submitter.ts';
import {
  envelopeLifeS,
  publicKeyOf,
  type SignedTransaction,
  signFeeBump,
  signTransaction,
  unsignedEnvelope,
  withAuth,
} from './transactions.ts';
import { vaultErrorName } from './vault-errors.ts';
import { keyText, vaultKeys } from './vault-keys.ts';
import {
  readVaultAccount,
  readVaultEarnings,
  readVaultInfo,
  readVaultLane,
  type VaultAccount,
  type VaultEarnings,
  type VaultInfo,
  type VaultLane,
} from './vault-views.ts';

/** The vault contract through an RPC server: what it holds, and the one call the gateway makes in bulk. */
export type Vault = {
  readonly address: string;
  /** Throws when the server is of another network. */
  verifyNetwork(signal?: AbortSignal): Promise<void>;
  /** Throws `lagging` when the answer is of an older ledger than `sinceLedger`; so does `isPayee`. */
  info(signal?: AbortSignal, sinceLedger?: number): Promise<VaultInfo>;
  account(account: string, signal?: AbortSignal): Promise<VaultAccount>;
  /**
   * Many accounts at the cost of one request per 200, and the oldest ledger that any of them is from. Limits are as stored. One without a
   * record has never deposited, or was archived: the vault is asked about each, unless `neverDeposited` knows; then it is
   * left out.
   */
  accounts(
    accounts: string[],
    signal?: AbortSignal,
    neverDeposited?: (account: string) => boolean,
  ): Promise<{ ledger: number; accounts: Map<string, VaultAccount> }>;
  /** Throws as `info` does. */
  earnings(payee: string, lane: number, signal?: AbortSignal, sinceLedger?: number): Promise<VaultEarnings>;
  /** What settlements have left, of many payees and the first lanes, at the cost of one request per 200. */
  settled(of: Parameters<typeof readSettledRecords>[2], signal?: AbortSignal): Promise<SettledRecords>;
  lastBatch(lane: number, signal?: AbortSignal): Promise<VaultLane & { seenLedger: number }>;
  /** The lanes below `lanes` in which something was settled; throws as `info` does. */
  usedLanes(lanes: number, signal?: AbortSignal, sinceLedger?: number): Promise<number[]>;
  /** What the vault owes accounts, payees and its treasury; throws as `info` does. */
  liabilities(signal?: AbortSignal, sinceLedger?: number): Promise<Units>;
  /** What the vault owes and the USDC that lies in it, each with the ledger it is of. */
  coverage(token: string, signal?: AbortSignal): Promise<Coverage>;
  isPayee(payee: string, signal?: AbortSignal, sinceLedger?: number): Promise<boolean>;
  /** Whether `from` has used this id in `deposit_once`. */
  forwarded(from: string, id: bigint, signal?: AbortSignal): Promise<boolean>;
  settings(signal?: AbortSignal): Promise<NetworkSettings>;
  buildSettle(call: SettleCall, options: BuildSettleOptions, signal?: AbortSignal): Promise<BuiltSettle>;
};

/** Amounts in units of 1e-7 USDC. */
export type Coverage = { liabilities: Units; liabilitiesLedger: number; tokens: Units; tokensLedger: number };

export type BuildSettleOptions = {
  operatorSecret: string;
  /** Of the account whose sequence number is used; the operator's own where it is the same. */
  channelSecret: string;
  /** The most to bid for inclusion, stroops. */
  feeMaxStroops: number;
  /** How often this batch has been built before; each time doubles the bid. */
  attempt: number;
};

export type BuiltSettle =
  | { ok: true; transaction: SignedTransaction; bytes: number }
  /** The vault or the host refused the call in simulation. `reason` is the vault's own word where it gave one. */
  | { ok: false; reason: string | undefined; detail: string };

export function createVault(deps: { rpc: Rpc; vault: string }): Vault {
  const { rpc, vault } = deps;

  async function view(fn: string, args: xdr.ScVal[], signal?: AbortSignal, contract = vault) {
    const answer = await viewContract(rpc, contract, fn, args, signal);
    if (!answer.ok) throw new ContractViewError(fn, answer.error);
    return answer;
  }

  async function readAccount(account: string, signal?: AbortSignal) {
    const { value, seenLedger } = await view('account', [addressValue(account)], signal);
    return { state: readVaultAccount(value), seenLedger };
  }

  return {
    address: vault,
    verifyNetwork: (signal) => rpc.verifyNetwork(signal),
    info: async (signal, sinceLedger) => readVaultInfo(notOlder(await view('config', [], signal), sinceLedger)),
    account: async (account, signal) => (await readAccount(account, signal)).state,
    async accounts(accounts, signal, neverDeposited = () => false) {
      const { ledger, records } = await readAccountRecords(rpc, vault, accounts, signal);
      let oldestLedger = ledger;
      for (const account of accounts) {
        if (records.has(account) || neverDeposited(account)) continue;
        const { state, seenLedger } = await readAccount(account, signal);
        records.set(account, state);
        oldestLedger = Math.min(oldestLedger, seenLedger);
      }
      return { ledger: oldestLedger, accounts: records };
    },
    earnings: async (payee, lane, signal, sinceLedger) =>
      readVaultEarnings(notOlder(await view('earnings', [addressValue(payee), u32Value(lane)], signal), sinceLedger)),
    settled: (of, signal) => readSettledRecords(rpc, vault, of, signal),
    async lastBatch(lane, signal) {
      const { value, seenLedger } = await view('last_batch', [u32Value(lane)], signal);
      return { ...readVaultLane(value), seenLedger };
    },
    async usedLanes(lanes, signal, sinceLedger = 0) {
      const texts = Array.from({ length: lanes }, (_, lane) => keyText(vaultKeys(vault).lane(lane)));
      const { entries, latestLedger } = await rpc.entries(texts, signal);
      requireNotOlder(latestLedger, sinceLedger);
      return entries
        .map(({ keyXdr }) => texts.indexOf(keyXdr))
        .filter((lane) => lane >= 0)
        .sort((a, b) => a - b);
    },
    liabilities: async (signal, sinceLedger) =>
      units(readI128(notOlder(await view('liabilities', [], signal), sinceLedger))),
    async coverage(token, signal) {
      const owed = await view('liabilities', [], signal);
      const held = await view('balance', [addressValue(vault)], signal, token);
      return {
        liabilities: units(readI128(owed.value)),
        liabilitiesLedger: owed.seenLedger,
        tokens: units(readI128(held.value)),
        tokensLedger: held.seenLedger,
      };
    },
    isPayee: async (payee, signal, sinceLedger) =>
      readBool(notOlder(await view('is_payee', [addressValue(payee)], signal), sinceLedger)),
    forwarded: async (from, id, signal) =>
      readBool((await view('forwarded', [addressValue(from), u64Value(id)], signal)).value),
    settings: (signal) => readNetworkSettings(rpc, signal),
    buildSettle: (call, options, signal) => buildSettle(rpc, vault, call, options, signal),
  };
}

/** What a view returned, unless it comes from a server that is behind what was read before. */
function notOlder({ value, seenLedger }: { value: xdr.ScVal; seenLedger: number }, sinceLedger = 0): xdr.ScVal {
  requireNotOlder(seenLedger, sinceLedger);
  return value;
}

/** Throws `lagging` for what is of an older ledger than the chain was seen at before. */
export function requireNotOlder(ledger: number, sinceLedger: number): void {
  if (ledger >= sinceLedger) return;
  throw new RpcError('lagging', `the vault was read of ledger ${ledger}, but ${sinceLedger} was read before`);
}

async function buildSettle(
  rpc: Rpc,
  vault: string,
  call: SettleCall,
  options: BuildSettleOptions,
  signal?: AbortSignal,
): Promise<BuiltSettle> {
  const { operatorSecret, channelSecret } = options;
  const source = publicKeyOf(channelSecret);
  const ofChannel = channelSecret !== operatorSecret;
  const latest = await rpc.latestLedger(signal);
  const settle = settleOperation(vault, call);
  const simulated = await rpc.simulate(unsignedEnvelope(settle, source, rpc.passphrase), signal);
  if (!simulated.ok) return { ok: false, reason: vaultErrorName(simulated.error), detail: simulated.error };

  const [settings, sequence, others] = await Promise.all([
    readNetworkSettings(rpc, signal),
    accountSequence(rpc, source, signal),
    rpc.inclusionFeeStroops(signal),
  ]);
  if (sequence === undefined) return { ok: false, reason: 'no_source', detail: `account ${source} does not exist` };
  // Signed last, and not shown to a simulation: whoever holds it could send the call himself.
  const agreed = ofChannel
    ? await signSettleAuthorisation(
        simulated.authXdr,
        settle,
        operatorSecret,
        latest.ledger + authorisationLedgers,
        rpc.passphrase,
      )
    : undefined;
  if (ofChannel && agreed === undefined) {
    const detail = 'the network asks for another signature than the operator’s for this settlement: it gets none';
    return { ok: false, reason: undefined, detail };
  }
  const plan = {
    operation: withAuth(settle, agreed === undefined ? simulated.authXdr : [agreed]),
    source,
    sequence: sequence + 1n,
    inclusionFeeStroops: inclusionBid(others, options),
    sorobanData: settleResources(vault, call, simulated, settings, ofChannel ? signatureInstructions : 0),
    // Chain time, not the host's: a clock that is wrong must not make an envelope that lives for days.
    maxTimeS: latest.closedAtS + envelopeLifeS,
    passphrase: rpc.passphrase,
  };
  const transaction = ofChannel
    ? signFeeBump(plan, [channelSecret], operatorSecret)
    : signTransaction(plan, [operatorSecret]);
  return { ok: true, transaction, bytes: Buffer.from(transaction.envelopeXdr, 'base64').length };
}
