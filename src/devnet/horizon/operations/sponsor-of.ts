/** Who sponsors what an operation made. */
import type { xdr } from '@stellar/stellar-sdk';
import { extensionOf } from '../../ledger/account-extension.ts';
import { accountText } from '../../ledger/envelope.ts';
import type { EntryPair } from '../operation-meta.ts';
import { signerKeyText } from '../signer-key.ts';

/** The first sponsor of the operation's signer or of an entry that it made, in the order of its changes. */
export function sponsorOf(body: xdr.OperationBody, pairs: readonly EntryPair[]): string | undefined {
  const signer = body.type === 'setOptions' ? body.setOptionsOp.signer : null;
  const key = signer ? signerKeyText(signer.key) : undefined;
  for (const pair of pairs) {
    const sponsor = (key === undefined ? undefined : newSignerSponsor(pair, key)) ?? newEntrySponsor(pair);
    if (sponsor !== undefined) return sponsor;
  }
  return undefined;
}

function newEntrySponsor({ before, after }: EntryPair): string | undefined {
  return before ? undefined : sponsorOfEntry(after);
}

export function sponsorOfEntry(entry: xdr.LedgerEntry | undefined): string | undefined {
  const sponsor = entry?.ext.type === 'v1' ? entry.ext.v1.sponsoringId : null;
  return sponsor ? accountText(sponsor) : undefined;
}

function newSignerSponsor({ before, after }: EntryPair, key: string): string | undefined {
  const now = signerSponsors(after).get(key);
  return now === signerSponsors(before).get(key) ? undefined : now;
}

/** Sponsors of an account's signers, by the signers' keys. */
export function signerSponsors(entry: xdr.LedgerEntry | undefined): Map<string, string> {
  if (entry?.data.type !== 'account') return new Map();
  const { account } = entry.data;
  const { signerSponsors: sponsors } = extensionOf(account);
  return new Map(
    account.signers.flatMap(({ key }, index) => {
      const sponsor = sponsors[index];
      return sponsor ? [[signerKeyText(key), accountText(sponsor)] as const] : [];
    }),
  );
}
