import { Operation, xdr } from '@stellar/stellar-sdk/base';
import type { Rpc } from './rpc.ts';
import type { SubmitOutcome, Submitter } from './submitter.ts';
import { codeKey, keyText, vaultKeys } from './vault-keys.ts';

/**
 * How long what the vault keeps on the ledger still lives, and more life for it. An entry whose last ledger has passed is
 * archived: never lost, but whoever needs it next pays for its return, in a larger transaction.
 */
export type VaultLives = {
  /** The entries among these that exist, with those that every call needs: instance, code and liabilities. */
  read(of: LifeRequest, signal?: AbortSignal): Promise<{ ledger: number; entries: EntryLife[] }>;
  /** Lets live entries live for at least so many ledgers from now. Anyone may pay for it. */
  extend(keysXdr: string[], ledgers: number, signal?: AbortSignal): Promise<SubmitOutcome>;
  /** Brings archived entries back. */
  restore(keysXdr: string[], signal?: AbortSignal): Promise<SubmitOutcome>;
};

export type LifeRequest = { accounts: string[]; payees: string[]; lanes: number[] };

/** `liveUntilLedger` is the last ledger in which the entry is live. */
export type EntryLife = { keyXdr: string; of: 'contract' | 'code' | 'payee' | 'account'; liveUntilLedger: number };

export type VaultLivesDeps = {
  rpc: Rpc;
  vault: string;
  submitter: Pick<Submitter, 'submit'>;
  /** Who pays. */
  secret: string;
  /** The most one transaction may pay for rent and work, stroops: more than that is a mistake, or a network gone mad. */
  resourceFeeMaxStroops: bigint;
};

export function createVaultLives(deps: VaultLivesDeps): VaultLives {
  const { rpc, vault, submitter, secret, resourceFeeMaxStroops } = deps;
  const submit = (operation: xdr.Operation, footprint: Footprint, signal?: AbortSignal) =>
    submitter.submit({ operation, secret, footprint, resourceFeeMaxStroops }, signal);
  return {
    async read(of, signal) {
      const wanted = await keysOf(rpc, vault, of, signal);
      const { latestLedger, entries } = await rpc.entries([...wanted.keys()], signal);
      return {
        ledger: latestLedger,
        entries: entries.flatMap(({ keyXdr, liveUntilLedger }) => {
          const kind = wanted.get(keyXdr);
          return kind && liveUntilLedger !== undefined ? [{ keyXdr, of: kind, liveUntilLedger }] : [];
        }),
      };
    },
    extend: (keysXdr, ledgers, signal) =>
      submit(Operation.extendFootprintTtl({ extendTo: ledgers }), { readOnly: read(keysXdr), readWrite: [] }, signal),
    restore: (keysXdr, signal) =>
      submit(Operation.restoreFootprint({}), { readOnly: [], readWrite: read(keysXdr) }, signal),
  };
}

type Footprint = { readOnly: xdr.LedgerKey[]; readWrite: xdr.LedgerKey[] };

async function keysOf(
  rpc: Rpc,
  vault: string,
  { accounts, payees, lanes }: LifeRequest,
  signal?: AbortSignal,
): Promise<Map<string, EntryLife['of']>> {
  const keys = vaultKeys(vault);
  const code = await codeOf(rpc, keyText(keys.instance()), signal);
  const contract = [keys.instance(), keys.liabilities(), ...lanes.map(keys.lane)];
  const ofPayees = payees.flatMap((payee) => [
    keys.payee(payee),
    keys.payout(payee),
    ...lanes.map((lane) => keys.earnings(payee, lane)),
  ]);
  return new Map([
    ...contract.map((key) => [keyText(key), 'contract'] as const),
    ...(code ? [[keyText(code), 'code'] as const] : []),
    ...ofPayees.map((key) => [keyText(key), 'payee'] as const),
    ...accounts.map((account) => [keyText(keys.account(account)), 'account'] as const),
  ]);
}

/** The code that the instance names; undefined while no server shows the instance. */
async function codeOf(rpc: Rpc, instance: string, signal?: AbortSignal): Promise<xdr.LedgerKey | undefined> {
  const [entry] = (await rpc.entries([instance], signal)).entries;
  if (!entry) return undefined;
  const data = xdr.LedgerEntryData.fromXdr(entry.dataXdr, 'base64');
  if (data.type !== 'contractData' || data.contractData.val.type !== 'scvContractInstance') return undefined;
  const { executable } = data.contractData.val.instance;
  return executable.type === 'contractExecutableWasm' ? codeKey(executable.wasmHash.toBytes()) : undefined;
}

function read(keysXdr: string[]): xdr.LedgerKey[] {
  return keysXdr.map((key) => xdr.LedgerKey.fromXdr(key, 'base64'));
}
