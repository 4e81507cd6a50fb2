import { xdr } from '@stellar/stellar-sdk/base';
import { subtract } from '../money.ts';
import { ContractValueError, readOption, readU64, readVec } from './contract-values.ts';
import type { Rpc } from './rpc.ts';
import { keyText, vaultKeys } from './vault-keys.ts';
import { readUnits, type VaultAccount } from './vault-views.ts';

/**
 * Accounts straight from the vault's storage, 200 a request; the vault's own view takes one simulation each. A cut of the
 * limit that has matured is still shown as pending here: the vault folds it in when it next touches the account.
 */
export async function readAccountRecords(
  rpc: Pick<Rpc, 'entries'>,
  vault: string,
  accounts: string[],
  signal?: AbortSignal,
): Promise<{ ledger: number; records: Map<string, VaultAccount> }> {
  const keys = vaultKeys(vault);
  const accountOf = new Map(accounts.map((account) => [keyText(keys.account(account)), account]));
  const { latestLedger, entries } = await rpc.entries([...accountOf.keys()], signal);
  const records = new Map<string, VaultAccount>();
  for (const { keyXdr, dataXdr } of entries) {
    const account = accountOf.get(keyXdr);
    const data = xdr.LedgerEntryData.fromXdr(dataXdr, 'base64');
    if (account && data.type === 'contractData') records.set(account, readRecord(data.contractData.val));
  }
  return { ledger: latestLedger, records };
}

/** `AccountRecord` in contracts/vault/src/storage.rs. */
function readRecord(value: xdr.ScVal): VaultAccount {
  const fields = readVec(value, (field) => field);
  const [deposited, settled, withdrawn, requested, unlockAt, limit, pendingLimit, pendingLimitAt, period, used] =
    fields;
  if (
    !deposited ||
    !settled ||
    !withdrawn ||
    !requested ||
    !unlockAt ||
    !limit ||
    !pendingLimit ||
    !pendingLimitAt ||
    !period ||
    !used ||
    fields.length !== 10
  ) {
    throw new ContractValueError(`an account record has 10 fields, this one ${fields.length}`);
  }
  const counters = { deposited: readUnits(deposited), settled: readUnits(settled), withdrawn: readUnits(withdrawn) };
  return {
    ...counters,
    balance: subtract(subtract(counters.deposited, counters.settled), counters.withdrawn),
    requested: readUnits(requested),
    unlockAtS: readU64(unlockAt),
    limit: readUnits(limit),
    pendingLimit: readOption(pendingLimit, readUnits),
    pendingLimitAtS: readU64(pendingLimitAt),
    period: readU64(period),
    used: readUnits(used),
  };
}
