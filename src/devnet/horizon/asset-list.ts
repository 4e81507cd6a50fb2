/** Assets that somebody holds, with how much of each there is and in what form. */
import { Asset, StrKey, scValToNative, xdr } from '@stellar/stellar-sdk';
import { readAccount } from '../ledger/entries.ts';
import { accountId } from '../ledger/envelope.ts';
import { accountFlags } from './account-resource.ts';
import { amountText, assetFields, lineAsset } from './amounts.ts';
import type { StateQuery } from './page.ts';
import { textParam } from './params.ts';
import { presentEntries } from './present-entries.ts';
import { badRequest } from './problem.ts';
import type { Asked, HalRecord, Site } from './route.ts';

type Holding = 'authorized' | 'authorized_to_maintain_liabilities' | 'unauthorized';

type Tally = {
  asset: Asset;
  accounts: Record<Holding, number>;
  balances: Record<Holding, bigint>;
  claimable: { count: number; amount: bigint };
  contracts: { count: number; amount: bigint };
};

export function assets(site: Site, { query }: Asked, page: StateQuery): HalRecord[] {
  const code = textParam(query, 'asset_code');
  const issuer = textParam(query, 'asset_issuer');
  if (code !== '' && !/^[A-Za-z0-9]{1,12}$/.test(code)) throw badRequest('asset_code', 'not a valid asset code');
  if (issuer !== '' && !StrKey.isValidEd25519PublicKey(issuer)) throw badRequest('asset_issuer', 'not a valid address');
  if (page.cursor !== '' && page.cursor.split('_').length < 3) throw badRequest('cursor', 'must be CODE_ISSUER_TYPE');
  const tallies = [...tally(site).values()].filter(
    ({ asset }) => (code === '' || asset.getCode() === code) && (issuer === '' || asset.getIssuer() === issuer),
  );
  const inOrder = tallies.sort((a, b) => compare(tokenOf(a.asset), tokenOf(b.asset)));
  if (page.order === 'desc') inOrder.reverse();
  const behind = ({ asset }: Tally) => {
    const side = compare(tokenOf(asset), page.cursor);
    return page.cursor === '' || (page.order === 'asc' ? side > 0 : side < 0);
  };
  return inOrder
    .filter(behind)
    .slice(0, page.limit)
    .map((one) => assetResource(site, one));
}

function compare(one: string, other: string): number {
  const [code = '', issuer = ''] = one.split('_');
  const [otherCode = '', otherIssuer = ''] = other.split('_');
  if (code !== otherCode) return code < otherCode ? -1 : 1;
  return issuer === otherIssuer ? 0 : issuer < otherIssuer ? -1 : 1;
}

function tokenOf(asset: Asset): string {
  return `${asset.getCode()}_${asset.getIssuer()}_${assetFields(asset).asset_type}`;
}

function tally({ chain }: Site): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  const contracts = new Map<string, Tally>();
  const of = (asset: Asset): Tally => {
    const known = tallies.get(tokenOf(asset));
    if (known) return known;
    const fresh = emptyTally(asset);
    tallies.set(tokenOf(asset), fresh);
    contracts.set(asset.contractId(chain.network.passphrase), fresh);
    return fresh;
  };
  for (const { entry } of presentEntries(chain, 'trustline')) {
    const asset = entry.data.type === 'trustline' ? lineAsset(entry.data.trustLine.asset) : undefined;
    if (entry.data.type !== 'trustline' || !asset) continue;
    const holding = holdingOf(entry.data.trustLine.flags);
    const one = of(asset);
    one.accounts[holding] += 1;
    one.balances[holding] += entry.data.trustLine.balance;
  }
  for (const { entry } of presentEntries(chain, 'claimableBalance')) {
    if (entry.data.type !== 'claimableBalance') continue;
    const asset = Asset.fromOperation(entry.data.claimableBalance.asset);
    if (asset.isNative()) continue;
    const { claimable } = of(asset);
    claimable.count += 1;
    claimable.amount += entry.data.claimableBalance.amount;
  }
  for (const { entry } of presentEntries(chain, 'contractData')) {
    const held = contractBalance(entry.data);
    const one = held && contracts.get(held.contract);
    if (!held || !one) continue;
    one.contracts.count += 1;
    one.contracts.amount += held.amount;
  }
  return tallies;
}

function emptyTally(asset: Asset): Tally {
  return {
    asset,
    accounts: { authorized: 0, authorized_to_maintain_liabilities: 0, unauthorized: 0 },
    balances: { authorized: 0n, authorized_to_maintain_liabilities: 0n, unauthorized: 0n },
    claimable: { count: 0, amount: 0n },
    contracts: { count: 0, amount: 0n },
  };
}

function holdingOf(flags: number): Holding {
  const { authorizedFlag, authorizedToMaintainLiabilitiesFlag } = xdr.TrustLineFlags;
  if ((flags & authorizedFlag.value) !== 0) return 'authorized';
  return (flags & authorizedToMaintainLiabilitiesFlag.value) !== 0
    ? 'authorized_to_maintain_liabilities'
    : 'unauthorized';
}

/** What a contract holds of an asset is an entry of the asset's own contract: `[Balance, address]` (CAP-46-6). */
function contractBalance(data: xdr.LedgerEntryData): { contract: string; amount: bigint } | undefined {
  if (data.type !== 'contractData' || data.contractData.contract.type !== 'scAddressTypeContract') return undefined;
  const { contract, key, val } = data.contractData;
  const [kind] = key.type === 'scvVec' ? (key.vec ?? []) : [];
  if (kind?.type !== 'scvSymbol' || kind.sym.toString() !== 'Balance') return undefined;
  const value: unknown = scValToNative(val);
  if (typeof value !== 'object' || value === null || !('amount' in value)) return undefined;
  if (typeof value.amount !== 'bigint') return undefined;
  return { contract: StrKey.encodeContract(contract.contractId.toBytes()), amount: value.amount };
}

function assetResource({ chain }: Site, { asset, accounts, balances, claimable, contracts }: Tally): HalRecord {
  const issuer = asset.getIssuer() ?? '';
  const account = readAccount(chain.entries, accountId(issuer));
  const home = account?.homeDomain.toString() ?? '';
  const contractId = asset.contractId(chain.network.passphrase);
  return {
    _links: { toml: { href: home === '' ? '' : `https://${home}/.well-known/stellar.toml` } },
    ...assetFields(asset),
    paging_token: tokenOf(asset),
    ...(isDeployed(chain, contractId) ? { contract_id: contractId } : {}),
    accounts,
    num_claimable_balances: claimable.count,
    num_liquidity_pools: 0,
    num_contracts: contracts.count,
    claimable_balances_amount: amountText(claimable.amount),
    liquidity_pools_amount: amountText(0n),
    contracts_amount: amountText(contracts.amount),
    balances: Object.fromEntries(Object.entries(balances).map(([holding, amount]) => [holding, amountText(amount)])),
    flags: accountFlags(account?.flags ?? 0),
  };
}

function isDeployed({ entries }: Site['chain'], contractId: string): boolean {
  const key = xdr.LedgerKey.contractData(
    new xdr.LedgerKeyContractData({
      contract: xdr.ScAddress.scAddressTypeContract(new xdr.ContractId(StrKey.decodeContract(contractId))),
      key: xdr.ScVal.scvLedgerKeyContractInstance(),
      durability: xdr.ContractDataDurability.persistent,
    }),
  );
  return entries.get(Buffer.from(key.toXdr()).toString('hex')) !== undefined;
}
