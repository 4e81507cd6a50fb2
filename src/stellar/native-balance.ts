import { xdr } from '@stellar/stellar-sdk/base';
import type { Rpc } from './rpc.ts';
import { accountKey, keyText } from './vault-keys.ts';

/** Stroops (1e-7 XLM) of a classic account, reserves included; undefined when it does not exist. */
export async function readNativeStroops(
  rpc: Pick<Rpc, 'entries'>,
  account: string,
  signal?: AbortSignal,
): Promise<bigint | undefined> {
  const { entries } = await rpc.entries([keyText(accountKey(account))], signal);
  const [entry] = entries;
  const data = entry && xdr.LedgerEntryData.fromXdr(entry.dataXdr, 'base64');
  return data?.type === 'account' ? data.account.balance : undefined;
}
