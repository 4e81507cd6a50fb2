/** Who keeps the reserve of an entry or a signer from now on, or no longer does (CAP-33). */
import type { xdr } from '@stellar/stellar-sdk';
import { assetText, lineAsset } from '../amounts.ts';
import type { EntryPair, OperationMeta } from '../operation-meta.ts';
import { signerSponsors, sponsorOfEntry } from '../operations/sponsor-of.ts';
import { type Effect, effectOn, effectOnMuxed } from './effect.ts';

type Kind = 'account' | 'trustline' | 'data' | 'claimable_balance' | 'signer';

export function sponsorshipEffects({ pairs }: OperationMeta, source: xdr.MuxedAccount): Effect[] {
  return pairs.flatMap((pair) => [...entryEffects(pair, source), ...signerEffects(pair)]);
}

function entryEffects({ before, after }: EntryPair, source: xdr.MuxedAccount): Effect[] {
  const data = (after ?? before)?.data;
  const change = changeOf(sponsorOfEntry(before), sponsorOfEntry(after));
  if (!data || !change) return [];
  switch (data.type) {
    case 'account':
      return [effectOn(data.account.accountId, effectType('account', change), change.fields)];
    case 'trustline': {
      const asset = lineAsset(data.trustLine.asset);
      // Horizon has the field of pool shares here too, and leaves it empty.
      const fields = { asset_type: '', ...(asset ? { asset: assetText(asset) } : {}), ...change.fields };
      return [effectOn(data.trustLine.accountId, effectType('trustline', change), fields)];
    }
    case 'data': {
      const fields = { data_name: data.data.dataName.toString(), ...change.fields };
      return [effectOnMuxed(source, effectType('data', change), fields)];
    }
    case 'claimableBalance': {
      const fields = { balance_id: data.claimableBalance.balanceId.toXdr('hex'), ...change.fields };
      return [effectOnMuxed(source, effectType('claimable_balance', change), fields)];
    }
    default:
      return [];
  }
}

function signerEffects({ before, after }: EntryPair): Effect[] {
  const [old, now] = [signerSponsors(before), signerSponsors(after)];
  const account = (after ?? before)?.data;
  if (account?.type !== 'account') return [];
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((signer) => {
    const change = changeOf(old.get(signer), now.get(signer));
    if (!change) return [];
    return [effectOn(account.account.accountId, effectType('signer', change), { signer, ...change.fields })];
  });
}

type Change = { how: 'created' | 'updated' | 'removed'; fields: Record<string, string> };

function changeOf(before: string | undefined, after: string | undefined): Change | undefined {
  if (before === after) return undefined;
  if (before === undefined) return { how: 'created', fields: { sponsor: after ?? '' } };
  if (after === undefined) return { how: 'removed', fields: { former_sponsor: before } };
  return { how: 'updated', fields: { former_sponsor: before, new_sponsor: after } };
}

function effectType(kind: Kind, { how }: Change): Effect['type'] {
  return `${kind}_sponsorship_${how}`;
}
