import { xdr } from '@stellar/stellar-sdk/base';
import type { Units } from '../money.ts';
import { ContractValueError, readHex, readU32, readU64, readVec } from './contract-values.ts';
import type { Rpc } from './rpc.ts';
import { keyText, vaultKeys } from './vault-keys.ts';
import { readUnits, type VaultLane } from './vault-views.ts';

/** What settlements have left in the vault's storage. One without a record was never written, or is archived: not told. */
export type SettledRecords = {
  ledger: number;
  /** Gross earnings, in the order asked for. */
  gross: (Units | undefined)[];
  /** By lane, from 0. */
  lanes: (VaultLane | undefined)[];
};

/** 200 records a request, where the vault's own views take one simulation each. */
export async function readSettledRecords(
  rpc: Pick<Rpc, 'entries'>,
  vault: string,
  of: { payees: readonly { payee: string; lane: number }[]; lanes: number },
  signal?: AbortSignal,
): Promise<SettledRecords> {
  const keys = vaultKeys(vault);
  const payees = of.payees.map(({ payee, lane }) => keyText(keys.earnings(payee, lane)));
  const lanes = Array.from({ length: of.lanes }, (_, lane) => keyText(keys.lane(lane)));
  const { latestLedger, entries } = await rpc.entries([...payees, ...lanes], signal);
  const records = new Map<string, xdr.ScVal>();
  for (const { keyXdr, dataXdr } of entries) {
    const data = xdr.LedgerEntryData.fromXdr(dataXdr, 'base64');
    if (data.type === 'contractData') records.set(keyXdr, data.contractData.val);
  }
  const at = <T>(list: string[], read: (value: xdr.ScVal) => T) =>
    list.map((key) => {
      const value = records.get(key);
      return value && read(value);
    });
  return { ledger: latestLedger, gross: at(payees, readGross), lanes: at(lanes, readLane) };
}

/** `set_earnings` and `set_lane` in contracts/vault/src/storage.rs. */
function readGross(value: xdr.ScVal): Units {
  const [gross, ...rest] = readVec(value, readUnits);
  if (gross !== undefined && rest.length === 2) return gross;
  throw new ContractValueError(`earnings have 3 fields, these ${rest.length + 1}`);
}

function readLane(value: xdr.ScVal): VaultLane {
  const [batch, root, chain, ledger, ...rest] = readVec(value, (field) => field);
  if (!batch || !root || !chain || !ledger || rest.length > 0) {
    throw new ContractValueError('a lane has 4 fields, this one has not');
  }
  return { batch: readU64(batch), root: readHex(root, 32), chain: readHex(chain, 32), ledger: readU32(ledger) };
}
