/** Accounts by one thing they have: a signer, a trustline, a sponsor. */
import { Asset, StrKey, type xdr } from '@stellar/stellar-sdk';
import { extensionOf } from '../ledger/account-extension.ts';
import { accountText } from '../ledger/envelope.ts';
import { signersOf } from '../ledger/signatures.ts';
import { accountResource } from './account-resource.ts';
import { assetFromText } from './asset-params.ts';
import type { StateQuery } from './page.ts';
import { textParam } from './params.ts';
import { presentEntries } from './present-entries.ts';
import { badRequest, HorizonRefusal, problemOf } from './problem.ts';
import type { Asked, HalRecord, Site } from './route.ts';
import { signerKeyText } from './signer-key.ts';
import { textPage } from './text-page.ts';

const FILTERS = ['signer', 'asset', 'sponsor', 'liquidity_pool'] as const;

export function accountsBy(site: Site, { query }: Asked, page: StateQuery): HalRecord[] {
  const given = FILTERS.filter((name) => textParam(query, name) !== '');
  const [filter] = given;
  if (!filter || given.length > 1) throw oneFilter();
  const addresses = holders(site, filter, textParam(query, filter));
  return textPage([...addresses], page).map((address) => accountResource(site.chain, address, site.base));
}

function oneFilter(): HorizonRefusal {
  const detail = `Exactly one of ${FILTERS.join(', ')} says which accounts are asked for.`;
  return new HorizonRefusal({
    ...problemOf(400, 'invalid_accounts_params', detail),
    title: 'Invalid Accounts Parameters',
  });
}

function holders(site: Site, filter: (typeof FILTERS)[number], text: string): Set<string> {
  switch (filter) {
    case 'signer':
      return withSigner(site, text);
    case 'asset':
      return withAsset(site, text);
    case 'sponsor':
      return withSponsor(site, text);
    case 'liquidity_pool':
      return new Set();
  }
}

function withSigner({ chain }: Site, signer: string): Set<string> {
  if (!/^[GTXP][A-Z2-7]+$/.test(signer)) throw badRequest('signer', 'invalid signer key');
  const found = new Set<string>();
  for (const { entry } of presentEntries(chain, 'account')) {
    if (entry.data.type !== 'account') continue;
    const { account } = entry.data;
    if (signersOf(account).some(({ key }) => signerKeyText(key) === signer)) found.add(accountText(account.accountId));
  }
  return found;
}

function withAsset({ chain }: Site, text: string): Set<string> {
  const asset = assetFromText(text);
  if (!asset || asset.isNative()) throw badRequest('asset', 'must be CODE:ISSUER');
  const found = new Set<string>();
  for (const { entry } of presentEntries(chain, 'trustline')) {
    if (entry.data.type !== 'trustline') continue;
    const { accountId, asset: line } = entry.data.trustLine;
    if (isOf(line, asset)) found.add(accountText(accountId));
  }
  return found;
}

function isOf(line: xdr.TrustLineAsset, asset: Asset): boolean {
  const { type } = line;
  if (type === 'assetTypeNative' || type === 'assetTypePoolShare') return false;
  return Asset.fromOperation(line as xdr.Asset).equals(asset);
}

/** Of the account itself, one of its entries or one of its signers. */
function withSponsor({ chain }: Site, sponsor: string): Set<string> {
  if (!StrKey.isValidEd25519PublicKey(sponsor)) throw badRequest('sponsor', 'invalid address');
  const found = new Set<string>();
  for (const type of ['account', 'trustline'] as const) {
    for (const { entry } of presentEntries(chain, type)) {
      const owner = ownerOf(entry.data);
      if (owner && sponsorsOf(entry).includes(sponsor)) found.add(accountText(owner));
    }
  }
  return found;
}

function ownerOf(data: xdr.LedgerEntryData): xdr.PublicKey | undefined {
  if (data.type === 'account') return data.account.accountId;
  return data.type === 'trustline' ? data.trustLine.accountId : undefined;
}

function sponsorsOf({ data, ext }: xdr.LedgerEntry): string[] {
  const ofEntry = ext.type === 'v1' ? [ext.v1.sponsoringId] : [];
  const ofSigners = data.type === 'account' ? extensionOf(data.account).signerSponsors : [];
  return [...ofEntry, ...ofSigners].flatMap((id) => (id ? [accountText(id)] : []));
}
