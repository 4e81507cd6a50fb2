import { xdr } from '@stellar/stellar-sdk/base';
import type { Rpc } from './rpc.ts';
import { accountKey, keyText } from './vault-keys.ts';

/** A classic account that is to pay for a transaction. */
export type FeeAccount = {
  sequence: bigint;
  /** XLM above what the network keeps reserved, stroops; never below 0. */
  freeStroops: bigint;
  /** The account's own key alone may sign for it: what a contract call asks for is the medium threshold. */
  ownKeySigns: boolean;
};

/** What the network reserves for an account twice, and for each of its entries once, stroops. */
const baseReserveStroops = 5_000_000n;

/** Undefined when the account does not exist. */
export async function readFeeAccount(
  rpc: Pick<Rpc, 'entries'>,
  account: string,
  signal?: AbortSignal,
): Promise<FeeAccount | undefined> {
  const { entries } = await rpc.entries([keyText(accountKey(account))], signal);
  const [entry] = entries;
  if (!entry) return undefined;
  const data = xdr.LedgerEntryData.fromXdr(entry.dataXdr, 'base64');
  if (data.type !== 'account') return undefined;
  const { balance, seqNum, numSubEntries, thresholds, ext } = data.account;
  const v1 = ext.type === 'v1' ? ext.v1 : undefined;
  const v2 = v1?.ext.type === 'v2' ? v1.ext.v2 : undefined;
  const reserves = 2 + numSubEntries + (v2?.numSponsoring ?? 0) - (v2?.numSponsored ?? 0);
  const free = balance - BigInt(reserves) * baseReserveStroops - (v1?.liabilities.selling ?? 0n);
  const [ownWeight = 0, , medium = 0] = thresholds.toBytes();
  const ownKeySigns = ownWeight >= Math.max(1, medium);
  return { sequence: seqNum, freeStroops: free > 0n ? free : 0n, ownKeySigns };
}
