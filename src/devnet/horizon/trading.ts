/**
 * The resources of trade. Nobody offers anything here, so their lists are empty: wallets and account pages ask for them
 * all the same, and take a missing list for a broken server.
 */
import { type Asset, StrKey } from '@stellar/stellar-sdk';
import { assetFields } from './amounts.ts';
import { assetFromFields } from './asset-params.ts';
import { textParam } from './params.ts';
import { badRequest, HorizonRefusal, notFound, problemOf } from './problem.ts';
import type { Asked, HalRecord, Shelf, Site } from './route.ts';

export function noRecords(): HalRecord[] {
  return [];
}

export function noTrades(_site: Site, asked: Asked): Shelf {
  if (asked.has('account_id')) requireAccount(asked);
  if (asked.has('offer_id')) requireOffer(asked);
  const type = textParam(asked.query, 'trade_type');
  if (!['', 'all', 'orderbook', 'liquidity_pool'].includes(type)) {
    throw badRequest('trade_type', 'Trade type must be all, orderbook, or liquidity_pool');
  }
  return { page: () => [] };
}

export function noAccountOffers(_site: Site, asked: Asked): HalRecord[] {
  requireAccount(asked);
  return [];
}

export function noOffer(_site: Site, asked: Asked): HalRecord {
  requireOffer(asked);
  throw notFound();
}

export function noPool(): HalRecord {
  throw notFound();
}

function requireAccount(asked: Asked): void {
  if (StrKey.isValidEd25519PublicKey(asked.param('account_id'))) return;
  throw badRequest('account_id', 'Account ID must start with `G` and contain 56 alphanum characters');
}

function requireOffer(asked: Asked): void {
  if (/^0*[1-9]\d{0,18}$/.test(asked.param('offer_id'))) return;
  throw badRequest('offer_id', 'Offer ID must be an integer higher than 0');
}

/** Both sides of the market have to be named, as for one with offers. */
export function emptyOrderBook(_site: Site, { query }: Asked): HalRecord {
  try {
    const [base, counter] = [assetFromFields(query, 'selling_'), assetFromFields(query, 'buying_')];
    return { bids: [], asks: [], base: assetFields(base), counter: assetFields(counter) };
  } catch (error) {
    if (!(error instanceof HorizonRefusal)) throw error;
    const detail = 'An order book is of two assets: selling_asset_type and buying_asset_type, with code and issuer.';
    const problem = problemOf(400, 'invalid_order_book', detail, error.problem.extras);
    throw new HorizonRefusal({ ...problem, title: 'Invalid Order Book Parameters' });
  }
}

export function noAggregations({ base }: Site, { query }: Asked): HalRecord {
  for (const side of ['base_', 'counter_']) assetFromFields(query, side);
  const link = { href: `${base}/trade_aggregations?${query}` };
  return { _links: { self: link, next: link, prev: link }, _embedded: { records: [] } };
}

/** A payment finds its way only from an asset to itself. */
export function trivialPath(source: Asset, destination: Asset, amount: string): HalRecord[] {
  if (!source.equals(destination)) return [];
  const side = (name: string) =>
    Object.fromEntries(Object.entries(assetFields(source)).map(([field, value]) => [`${name}_${field}`, value]));
  return [
    {
      ...side('source'),
      source_amount: amount,
      ...side('destination'),
      destination_amount: amount,
      path: [],
    },
  ];
}
