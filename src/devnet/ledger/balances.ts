/** Stroop arithmetic on accounts and trustlines, within the rules of reserves and limits. */
import { xdr } from '@stellar/stellar-sdk';
import { extensionOf } from './account-extension.ts';

export const BASE_RESERVE_STROOPS = 5_000_000n;
export const BASE_FEE_STROOPS = 100n;
export const MAX_INT64 = 2n ** 63n - 1n;

/**
 * The native balance an account must keep: a reserve for itself (two), for each subentry and for whatever it sponsors,
 * less those that others keep for it (CAP-33).
 */
export function minimumBalance(account: xdr.AccountEntry): bigint {
  const { numSponsoring, numSponsored } = extensionOf(account);
  return BigInt(2 + account.numSubEntries + numSponsoring - numSponsored) * BASE_RESERVE_STROOPS;
}

/** What an account can spend without falling below its reserve; negative when it already is. */
export function availableBalance(account: xdr.AccountEntry): bigint {
  return account.balance - minimumBalance(account);
}

/** The account with the amount added, or undefined if a balance would pass 2^63 - 1 or zero. Reserves are not looked at. */
export function addNative(account: xdr.AccountEntry, amount: bigint): xdr.AccountEntry | undefined {
  const balance = account.balance + amount;
  if (balance < 0n || balance > MAX_INT64) return undefined;
  return new xdr.AccountEntry({ ...account, balance });
}

/** The trustline with the amount added, or undefined if that passes zero or the line's limit. */
export function addToLine(line: xdr.TrustLineEntry, amount: bigint): xdr.TrustLineEntry | undefined {
  const balance = line.balance + amount;
  if (balance < 0n || balance > line.limit) return undefined;
  return new xdr.TrustLineEntry({ ...line, balance });
}

export function newAccount(id: xdr.PublicKey, balance: bigint, ledgerSequence: number): xdr.AccountEntry {
  return new xdr.AccountEntry({
    accountId: id,
    balance,
    seqNum: BigInt(ledgerSequence) << 32n,
    numSubEntries: 0,
    inflationDest: null,
    flags: 0,
    homeDomain: '',
    thresholds: new Uint8Array([1, 0, 0, 0]),
    signers: [],
    ext: xdr.AccountEntryExt.v0(),
  });
}
