/** Balances that wait to be claimed. */
import { Asset, StrKey, xdr } from '@stellar/stellar-sdk';
import { keyText } from '../ledger/entries.ts';
import { accountText } from '../ledger/envelope.ts';
import { amountText, assetText, timeText } from './amounts.ts';
import { assetFromText } from './asset-params.ts';
import { predicateResource } from './claim-predicate.ts';
import type { StateQuery } from './page.ts';
import { textParam } from './params.ts';
import { presentEntries } from './present-entries.ts';
import { badRequest, notFound } from './problem.ts';
import type { Asked, HalRecord, Site } from './route.ts';

export function claimableBalances(site: Site, { query }: Asked, page: StateQuery): HalRecord[] {
  const wanted = filterOf(query);
  const records: HalRecord[] = [];
  for (const { entry } of presentEntries(site.chain, 'claimableBalance')) {
    const record = balanceResource(site, entry);
    if (record && wanted(record)) records.push(record.resource);
  }
  const tokens = records.map((record) => ({ record, token: String(record.paging_token) }));
  const sorted = tokens.sort((a, b) => compareTokens(a.token, b.token));
  if (page.order === 'desc') sorted.reverse();
  const cursor = page.cursor === '' ? undefined : readCursor(page.cursor);
  const behind = ({ token }: { token: string }) => {
    if (cursor === undefined) return true;
    const side = compareTokens(token, cursor);
    return page.order === 'asc' ? side > 0 : side < 0;
  };
  return sorted
    .filter(behind)
    .slice(0, page.limit)
    .map(({ record }) => record);
}

export function claimableBalance(site: Site, asked: Asked): HalRecord {
  return claimableBalanceAt(site, asked.param('id'));
}

/** Throws 400 for what is no id, 404 where nothing waits under it. */
export function claimableBalanceAt(site: Site, id: string): HalRecord {
  const stored = site.chain.entries.get(keyOf(id));
  const record = stored && balanceResource(site, xdr.LedgerEntry.fromXdr(stored.entry));
  if (!record) throw notFound();
  return record.resource;
}

/** From the hex of its union, or from B… (SEP-23), to that hex. Throws 400 for what is neither. */
export function balanceHex(text: string): string {
  try {
    const bytes = text.startsWith('B') ? StrKey.decodeClaimableBalance(text) : undefined;
    if (!bytes && !/^[0-9a-f]{72}$/.test(text)) throw new Error('no hex of 36 bytes');
    // B… has one byte of type where the union has four.
    const union = bytes ? Buffer.concat([Buffer.alloc(3), bytes]) : Buffer.from(text, 'hex');
    return xdr.ClaimableBalanceId.fromXdr(union).toXdr('hex');
  } catch {
    throw badRequest('id', `${text} does not validate as claimableBalanceID`);
  }
}

function keyOf(text: string): string {
  const balanceId = xdr.ClaimableBalanceId.fromXdr(balanceHex(text), 'hex');
  return keyText(xdr.LedgerKey.claimableBalance(new xdr.LedgerKeyClaimableBalance({ balanceId })));
}

type Described = { resource: HalRecord; asset: string; sponsor: string; claimants: string[] };

function balanceResource({ chain, base }: Site, entry: xdr.LedgerEntry): Described | undefined {
  if (entry.data.type !== 'claimableBalance') return undefined;
  const { balanceId, claimants, asset, amount, ext } = entry.data.claimableBalance;
  const id = balanceId.toXdr('hex');
  const sponsorId = entry.ext.type === 'v1' ? entry.ext.v1.sponsoringId : null;
  const sponsor = sponsorId ? accountText(sponsorId) : '';
  const modified = chain.history.ledger(entry.lastModifiedLedgerSeq);
  const clawback = ext.type === 'v1' && (ext.v1.flags & 1) !== 0;
  const self = `${base}/claimable_balances/${id}`;
  const resource = {
    _links: {
      self: { href: self },
      transactions: { href: `${self}/transactions{?cursor,limit,order}`, templated: true },
      operations: { href: `${self}/operations{?cursor,limit,order}`, templated: true },
    },
    id,
    asset: assetText(Asset.fromOperation(asset)),
    amount: amountText(amount),
    ...(sponsor === '' ? {} : { sponsor }),
    last_modified_ledger: entry.lastModifiedLedgerSeq,
    last_modified_time: modified ? timeText(modified.closeTimeS) : null,
    claimants: claimants.map(({ v0 }) => ({
      destination: accountText(v0.destination),
      predicate: predicateResource(v0.predicate),
    })),
    flags: { clawback_enabled: clawback },
    paging_token: `${entry.lastModifiedLedgerSeq}-${id}`,
  };
  return {
    resource,
    asset: resource.asset,
    sponsor,
    claimants: claimants.map(({ v0 }) => accountText(v0.destination)),
  };
}

function filterOf(query: URLSearchParams): (record: Described) => boolean {
  const assetParam = textParam(query, 'asset');
  const asset = assetParam === '' ? undefined : assetFromText(assetParam);
  if (assetParam !== '' && !asset) throw badRequest('asset', 'must be native or CODE:ISSUER');
  const [sponsor, claimant] = ['sponsor', 'claimant'].map((name) => {
    const text = textParam(query, name);
    if (text !== '' && !StrKey.isValidEd25519PublicKey(text)) throw badRequest(name, 'invalid address');
    return text;
  });
  return (record) =>
    (!asset || record.asset === assetText(asset)) &&
    (sponsor === '' || record.sponsor === sponsor) &&
    (claimant === undefined || claimant === '' || record.claimants.includes(claimant));
}

function readCursor(cursor: string): string {
  if (!/^\d{1,10}-[0-9a-f]{72}$/.test(cursor))
    throw badRequest('cursor', 'The first part should be a number higher than 0');
  return cursor;
}

/** By ledger, then by id. */
function compareTokens(one: string, other: string): number {
  const [ledger = '', id = ''] = one.split('-');
  const [otherLedger = '', otherId = ''] = other.split('-');
  if (ledger !== otherLedger) return Number(ledger) - Number(otherLedger);
  return id === otherId ? 0 : id < otherId ? -1 : 1;
}
