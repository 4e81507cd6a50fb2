/** An account as Horizon shows it: one document with balances, signers and data. */
import { StrKey, xdr } from '@stellar/stellar-sdk';
import { extensionOf } from '../ledger/account-extension.ts';
import type { Chain } from '../ledger/chain.ts';
import { accountKey, entryData, type OwnedType, readAccount } from '../ledger/entries.ts';
import { accountId } from '../ledger/envelope.ts';
import { amountText, assetFields, lineAsset, timeText } from './amounts.ts';
import { badRequest, notFound } from './problem.ts';

export function accountResource(chain: Chain, address: string, base: string): Record<string, unknown> {
  if (!StrKey.isValidEd25519PublicKey(address)) {
    throw badRequest('account_id', 'Account ID must start with `G` and contain 56 alphanum characters');
  }
  const id = accountId(address);
  const stored = chain.entries.get(accountKey(id));
  const account = readAccount(chain.entries, id);
  if (!stored || !account) throw notFound();
  const modified = Buffer.from(stored.entry).readUInt32BE(0);
  const { sequenceUse: use, numSponsoring, numSponsored } = extensionOf(account);
  return {
    _links: accountLinks(address, base),
    id: address,
    account_id: address,
    sequence: account.seqNum.toString(),
    ...(use.ledger > 0 ? { sequence_ledger: use.ledger, sequence_time: use.timeS.toString() } : {}),
    subentry_count: account.numSubEntries,
    ...(account.homeDomain.length > 0 ? { home_domain: account.homeDomain.toString() } : {}),
    last_modified_ledger: modified,
    last_modified_time: timeText(chain.history.ledger(modified)?.closeTimeS ?? 0),
    thresholds: thresholds(account),
    flags: flags(account.flags),
    balances: [...lineBalances(chain, id), nativeBalance(account)],
    signers: signers(account, address),
    data: dataEntries(chain, id),
    num_sponsoring: numSponsoring,
    num_sponsored: numSponsored,
    paging_token: address,
  };
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

function flags(bits: number) {
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

function signers(account: xdr.AccountEntry, address: string) {
  const extra = account.signers.map(({ key, weight }) => ({ weight, ...signerKey(key) }));
  const master = { weight: account.thresholds.value[0] ?? 0, key: address, type: 'ed25519_public_key' };
  return [...extra, master];
}

function signerKey(key: xdr.SignerKey): { key: string; type: string } {
  if (key.type === 'signerKeyTypeHashX') {
    return { key: StrKey.encodeSha256Hash(key.hashX.toBytes()), type: 'sha256_hash' };
  }
  if (key.type !== 'signerKeyTypeEd25519') throw new Error(`no account can have a signer of type ${key.type}`);
  return { key: StrKey.encodeEd25519PublicKey(key.ed25519.toBytes()), type: 'ed25519_public_key' };
}
