import { StrKey, xdr } from '@stellar/stellar-sdk/base';
import type { Rpc } from './rpc.ts';
import { accountKey, keyText } from './vault-keys.ts';

/** Who can sign for a classic account, the master key with its weight included. */
export type AccountSigners = { mediumThreshold: number; signers: { key: string; weight: number }[] };

/**
 * Signers on chain now; undefined when the account does not exist. Signers that are no ed25519 keys (pre-authorised
 * transactions, hashes, signed payloads) cannot sign a login and are left out.
 */
export async function readAccountSigners(
  rpc: Pick<Rpc, 'verifyNetwork' | 'entries'>,
  address: string,
  signal?: AbortSignal,
): Promise<AccountSigners | undefined> {
  await rpc.verifyNetwork(signal);
  const { entries } = await rpc.entries([keyText(accountKey(address))], signal);
  const [entry] = entries;
  if (!entry) return undefined;
  const data = xdr.LedgerEntryData.fromXdr(entry.dataXdr, 'base64');
  if (data.type !== 'account') return undefined;
  const { thresholds, signers } = data.account;
  const [masterWeight = 0, , medium = 0] = thresholds.toBytes();
  const others = signers.flatMap(({ key, weight }) =>
    key.type === 'signerKeyTypeEd25519' ? [{ key: StrKey.encodeEd25519PublicKey(key.ed25519.toBytes()), weight }] : [],
  );
  return { mediumThreshold: medium, signers: [{ key: address, weight: masterWeight }, ...others] };
}
