/**
 * What an account keeps in its extensions: sponsorships of reserves (CAP-33) and the last use of its sequence number
 * (CAP-21). They are nested, newer inside older: changing one part keeps all others.
 */
import { xdr } from '@stellar/stellar-sdk';

export type SequenceUse = { ledger: number; timeS: bigint };

export type AccountExtension = {
  /** Reserves that others keep for this account. */
  numSponsored: number;
  /** Reserves this account keeps for others. */
  numSponsoring: number;
  /** Who keeps the reserve of each signer, in the order of the signers; null where the account itself does. */
  signerSponsors: readonly (xdr.PublicKey | null)[];
  /** Zeros for an account that has never been a source. */
  sequenceUse: SequenceUse;
};

export function extensionOf(account: xdr.AccountEntry): AccountExtension {
  const { v2, v3 } = versionsOf(account);
  return {
    numSponsored: v2?.numSponsored ?? 0,
    numSponsoring: v2?.numSponsoring ?? 0,
    signerSponsors: v2?.signerSponsoringIDs ?? account.signers.map(() => null),
    sequenceUse: { ledger: v3?.seqLedger ?? 0, timeS: v3?.seqTime ?? 0n },
  };
}

/** As on the network, an account gets the innermost extension only with its first use as a source. */
export function withExtension(account: xdr.AccountEntry, change: Partial<AccountExtension>): xdr.AccountEntry {
  const { v1, v3 } = versionsOf(account);
  const { numSponsored, numSponsoring, signerSponsors, sequenceUse } = { ...extensionOf(account), ...change };
  const V2 = xdr.AccountEntryExtensionV2Ext;
  const v2 = new xdr.AccountEntryExtensionV2({
    numSponsored,
    numSponsoring,
    signerSponsoringIDs: [...signerSponsors],
    ext: v3 || change.sequenceUse ? V2.v3(sequenceUseExtension(sequenceUse)) : V2.v0(),
  });
  const outer = new xdr.AccountEntryExtensionV1({
    liabilities: v1?.liabilities ?? new xdr.Liabilities({ buying: 0n, selling: 0n }),
    ext: xdr.AccountEntryExtensionV1Ext.v2(v2),
  });
  return new xdr.AccountEntry({ ...account, ext: xdr.AccountEntryExt.v1(outer) });
}

/** Other signers, kept in the order of their keys; those that stay keep their sponsors. */
export function withSigners(account: xdr.AccountEntry, signers: readonly xdr.Signer[]): xdr.AccountEntry {
  const order = (signer: xdr.Signer) => signer.key.toXdr('hex');
  const sorted = [...signers].sort((a, b) => Buffer.compare(rankOf(a.key), rankOf(b.key)));
  const changed = new xdr.AccountEntry({ ...account, signers: sorted });
  if (!versionsOf(account).v2) return changed;
  const { signerSponsors } = extensionOf(account);
  const sponsors = new Map(account.signers.map((signer, index) => [order(signer), signerSponsors[index] ?? null]));
  return withExtension(changed, { signerSponsors: sorted.map((signer) => sponsors.get(order(signer)) ?? null) });
}

/** By kind, then key, then payload: the length of a payload, which stands before it on the wire, does not count. */
function rankOf(key: xdr.SignerKey): Buffer {
  const bytes = Buffer.from(key.toXdr());
  if (key.type !== 'signerKeyTypeEd25519SignedPayload') return bytes;
  const kindAndKeyBytes = 4 + 32;
  return Buffer.concat([bytes.subarray(0, kindAndKeyBytes), Buffer.from(key.ed25519SignedPayload.payload)]);
}

function versionsOf({ ext }: xdr.AccountEntry) {
  const v1 = ext.type === 'v1' ? ext.v1 : undefined;
  const v2 = v1?.ext.type === 'v2' ? v1.ext.v2 : undefined;
  const v3 = v2?.ext.type === 'v3' ? v2.ext.v3 : undefined;
  return { v1, v2, v3 };
}

function sequenceUseExtension({ ledger, timeS }: SequenceUse): xdr.AccountEntryExtensionV3 {
  return new xdr.AccountEntryExtensionV3({ ext: xdr.ExtensionPoint.v0(), seqLedger: ledger, seqTime: timeS });
}
