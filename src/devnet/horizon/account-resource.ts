/** An account as Horizon shows it: one document with balances, signers and data. */
import { StrKey, xdr } from '@stellar/stellar-sdk';
import { extensionOf } from '../ledger/account-extension.ts';
import type { Chain } from '../ledger/chain.ts';
import { accountKey, entryData, type OwnedType, readAccount, sponsorOf } from '../ledger/entries.ts';
import { accountId, accountText } from '../ledger/envelope.ts';
import { amountText, assetFields, lineAsset, timeText } from './amounts.ts';
import { badRequest, notFound } from './problem.ts';
import { signerKeyText, signerKeyType } from './signer-key.ts';

export function accountResource(chain: Chain, address: string, base: string): Record<string, unknown> {
  if (!StrKey.isValidEd25519PublicKey(address)) {
    throw badRequest('account_id', 'Account ID must start with `G` and contain 56 alphanum characters');
  }
  const id = accountId(address);
  const stored = chain.entries.get(accountKey(id));
  const account = readAccount(chain.entries, id);
  if (!stored || !account) throw notFound();
  const modified = Buffer.from(stored.entry).readUInt32BE(0);
  const sponsor = sponsorOf(stored);
  const { sequenceUse: use, numSponsoring, numSponsored, signerSponsors } = extensionOf(account);
  return {
    _links: accountLinks(address, base),
    id: address,
    account_id: address,
    sequence: account.seqNum.toString(),
    ...(use.ledger > 0 ? { sequence_ledger: use.ledger, sequence_time: use.timeS.toString() } : {}),
    subentry_count: account.numSubEntries,
    ...(account.homeDomain.length > 0 ? { home_domain: account.homeDomain.toString() } : {}),
    last_modified_ledger: modified,
    last_modified_time: modifiedTime(chain, modified),
    thresholds: thresholds(account),
    flags: accountFlags(account.flags),
    balances: [...lineBalances(chain, id).sort(byAsset), nativeBalance(account)],
    signers: signers(account, address, signerSponsors),
    data: dataEntries(chain, id),
    ...(sponsor ? { sponsor: accountText(sponsor) } : {}),
    num_sponsoring: numSponsoring,
    num_sponsored: numSponsored,
    paging_token: address,
  };
}

/** Null where that ledger is no longer kept. */
function modifiedTime({ history }: Chain, sequence: number): string | null {
  const record = history.ledger(sequence);
  return record ? timeText(record.closeTimeS) : null;
}

function accountLinks(address: string, base: string): Record<string, unknown> {
  const self = `${base}/accounts/${address}`;
  const collections = ['transactions', 'operations', 'payments', 'effects', 'offers', 'trades'];
  const templated = collections.map((name) => [
    name,
    { href: `${self}/${name}{?cursor,limit,order}`, templated: true },
  ]);
  return {
    self: { href: self },
    ...Object.fromEntries(templated),
    data: { href: `${self}/data/{key}`, templated: true },
  };
}

function thresholds(account: xdr.AccountEntry) {
  const [, low = 0, medium = 0, high = 0] = account.thresholds.value;
  return { low_threshold: low, med_threshold: medium, high_threshold: high };
}

/** Of an account, by the bits of AccountFlags. */
export function accountFlags(bits: number) {
  const { authRequiredFlag, authRevocableFlag, authImmutableFlag, authClawbackEnabledFlag } = xdr.AccountFlags;
  return {
    auth_required: (bits & authRequiredFlag.value) !== 0,
    auth_revocable: (bits & authRevocableFlag.value) !== 0,
    auth_immutable: (bits & authImmutableFlag.value) !== 0,
    auth_clawback_enabled: (bits & authClawbackEnabledFlag.value) !== 0,
  };
}

const NO_LIABILITIES = { buying_liabilities: '0.0000000', selling_liabilities: '0.0000000' };

function nativeBalance(account: xdr.AccountEntry) {
  return { balance: amountText(account.balance), ...NO_LIABILITIES, asset_type: 'native' };
}

function lineBalances(chain: Chain, id: xdr.PublicKey): Record<string, unknown>[] {
  const { authorizedFlag, authorizedToMaintainLiabilitiesFlag, trustlineClawbackEnabledFlag } = xdr.TrustLineFlags;
  return owned(chain, id, 'trustline').flatMap(({ data, modified }) => {
    const asset = data.type === 'trustline' ? lineAsset(data.trustLine.asset) : undefined;
    if (data.type !== 'trustline' || !asset) return [];
    const { balance, limit, flags: bits } = data.trustLine;
    const authorized = (bits & authorizedFlag.value) !== 0;
    const maintains = (bits & authorizedToMaintainLiabilitiesFlag.value) !== 0;
    return [
      {
        balance: amountText(balance),
        limit: amountText(limit),
        ...NO_LIABILITIES,
        last_modified_ledger: modified,
        is_authorized: authorized,
        is_authorized_to_maintain_liabilities: authorized || maintains,
        is_clawback_enabled: (bits & trustlineClawbackEnabledFlag.value) !== 0,
        ...assetFields(asset),
      },
    ];
  });
}

/** By code, then by issuer. */
function byAsset(one: Record<string, unknown>, other: Record<string, unknown>): number {
  const text = ({ asset_code, asset_issuer }: typeof one) => `${asset_code} ${asset_issuer}`;
  return text(one) < text(other) ? -1 : 1;
}

function dataEntries(chain: Chain, id: xdr.PublicKey): Record<string, string> {
  const entries = owned(chain, id, 'data').flatMap(({ data }) =>
    data.type === 'data'
      ? [[data.data.dataName.toString(), Buffer.from(data.data.dataValue.value).toString('base64')]]
      : [],
  );
  return Object.fromEntries(entries);
}

function owned({ entries }: Chain, id: xdr.PublicKey, type: OwnedType) {
  const found: { data: xdr.LedgerEntryData; modified: number }[] = [];
  for (const key of entries.ownedKeys(id, type)) {
    const stored = entries.get(key);
    if (stored) found.push({ data: entryData(stored), modified: Buffer.from(stored.entry).readUInt32BE(0) });
  }
  return found;
}

/** In the order of their texts. The account's own key is among them, last when it has no weight. */
function signers(account: xdr.AccountEntry, address: string, sponsors: readonly (xdr.PublicKey | null)[]) {
  const extra = account.signers.map(({ key, weight }, index) => ({
    weight,
    key: signerKeyText(key),
    type: signerKeyType(key),
    ...(sponsors[index] ? { sponsor: accountText(sponsors[index]) } : {}),
  }));
  const weight = account.thresholds.value[0] ?? 0;
  const master = { weight, key: address, type: 'ed25519_public_key' };
  const counted = weight > 0 ? [...extra, master] : extra;
  const sorted = counted.sort((a, b) => (a.key < b.key ? -1 : 1));
  return weight > 0 ? sorted : [...sorted, master];
}
