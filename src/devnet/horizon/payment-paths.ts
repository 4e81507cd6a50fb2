/** Ways for path payments from assets that a sender has to one that a receiver takes. */
import { type Asset, StrKey } from '@stellar/stellar-sdk';
import { accountResource } from './account-resource.ts';
import { amountText } from './amounts.ts';
import { assetFromFields, assetFromText } from './asset-params.ts';
import { textParam } from './params.ts';
import { badRequest, HorizonRefusal } from './problem.ts';
import type { Asked, HalRecord, Site } from './route.ts';
import { trivialPath } from './trading.ts';

/** How many assets a request may name. */
const ASSETS_MAX = 15;

/** From `source_assets` or those of `source_account` to the asset and amount that are to arrive. */
export function strictReceivePaths(site: Site, { query }: Asked): HalRecord {
  const destination = assetFromFields(query, 'destination_');
  const amount = amountParam(query, 'destination_amount');
  const sources = namedAssets(site, query, 'source_assets', 'source_account');
  return { _embedded: { records: sources.flatMap((source) => trivialPath(source, destination, amount)) } };
}

/** From the asset and amount that are sent to `destination_assets` or those of `destination_account`. */
export function strictSendPaths(site: Site, { query }: Asked): HalRecord {
  const source = assetFromFields(query, 'source_');
  const amount = amountParam(query, 'source_amount');
  const destinations = namedAssets(site, query, 'destination_assets', 'destination_account');
  return { _embedded: { records: destinations.flatMap((destination) => trivialPath(source, destination, amount)) } };
}

function amountParam(query: URLSearchParams, name: string): string {
  const text = textParam(query, name);
  const [, whole = '', decimals = ''] = /^(\d{1,12})(?:\.(\d{1,7}))?$/.exec(text) ?? [];
  const stroops = BigInt(`${whole}${decimals.padEnd(7, '0')}`);
  if (whole === '' || stroops === 0n || stroops >= 2n ** 63n) throw badRequest(name, 'Amount must be positive');
  return amountText(stroops);
}

function namedAssets(site: Site, query: URLSearchParams, listName: string, accountName: string): Asset[] {
  const [list, account] = [textParam(query, listName), textParam(query, accountName)];
  if ((list === '') === (account === '')) {
    throw badRequest(listName, `exactly one of ${listName} and ${accountName} is needed`);
  }
  if (account !== '') return accountAssets(site, account, accountName);
  const texts = list.split(',');
  if (texts.length > ASSETS_MAX) throw badRequest(listName, `at most ${ASSETS_MAX} assets may be named`);
  return texts.map((text) => {
    const asset = assetFromText(text);
    if (!asset) throw badRequest(listName, `${text} is not an asset: native or CODE:ISSUER`);
    return asset;
  });
}

/** Those that the account holds; none where there is no such account. */
function accountAssets({ chain, base }: Site, address: string, name: string): Asset[] {
  if (!StrKey.isValidEd25519PublicKey(address)) throw badRequest(name, 'invalid address');
  try {
    const { balances } = accountResource(chain, address, base) as { balances: Record<string, string>[] };
    return balances.flatMap(({ asset_type, asset_code, asset_issuer }) => {
      const asset = assetFromText(asset_type === 'native' ? 'native' : `${asset_code}:${asset_issuer}`);
      return asset ? [asset] : [];
    });
  } catch (error) {
    if (error instanceof HorizonRefusal) return [];
    throw error;
  }
}
