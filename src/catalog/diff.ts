import { formatUsdc } from '../money.ts';
import { gatewayLimits } from './limits-defaults.ts';
import type { Api, Config, Route } from './model.ts';

/** `applied` and `restartNeeded` hold field names in the YAML's own spelling; neither ever holds a value. */
export type ConfigDiff = { applied: string[]; restartNeeded: string[] };

/** Limits that the listener and the token verifier take once, when they start. */
export const startLimits = ['tlsHandshakeTimeoutMs', 'tokenBytesMax', 'verificationsMax'] as const;

/** What a reload may change while calls are running, beside APIs with their routes and prices. */
const liveFields = new Set([
  'gateway.pages_url',
  'gateway.cors_origins',
  'gateway.block_addresses',
  'gateway.allow_addresses',
  'gateway.trusted_proxies',
  'gateway.forwarded_field',
  'gateway.rates',
  'gateway.idempotency',
  ...Object.entries(gatewayLimits)
    .filter(([name]) => !startLimits.some((fixed) => fixed === name))
    .map(([, limit]) => `gateway.limits.${limit.key}`),
]);

export function diffConfig(old: Config, next: Config): ConfigDiff {
  const diff: ConfigDiff = { applied: [], restartNeeded: [] };
  const before = settingsOf(old);
  for (const [field, value] of settingsOf(next)) {
    if (before.get(field) === value) continue;
    (liveFields.has(field) ? diff.applied : diff.restartNeeded).push(field);
  }
  diff.applied.push(...diffApis(old.apis, next.apis));
  return diff;
}

function diffApis(old: Api[], next: Api[]): string[] {
  const changes: string[] = [];
  const before = new Map(old.map((api) => [api.name, describeApi(api)]));
  for (const api of next) {
    const description = before.get(api.name);
    if (description === undefined) changes.push(`apis.${api.name} (new)`);
    else if (description !== describeApi(api)) changes.push(`apis.${api.name}`);
    before.delete(api.name);
  }
  for (const name of before.keys()) changes.push(`apis.${name} (removed)`);
  return changes;
}

/** Everything about an API as one text, to compare; it holds secrets and is never shown. */
function describeApi(api: Api): string {
  return JSON.stringify({ ...api, routes: api.routes.map(describeRoute) });
}

function describeRoute(route: Route): unknown {
  const { api: _, index: __, charges, priceUnits, ...rest } = route;
  const statuses = Array.from({ length: 300 }, (___, at) => at + 200);
  return { ...rest, price: formatUsdc(priceUnits), charged: statuses.filter(charges) };
}

/** Every setting outside `apis` by its YAML name, as text. */
function settingsOf(config: Config): Map<string, string> {
  const { gateway, admin, stellar, storage, tokens, deposits, settlement, log, webhooks } = config;
  const settings = new Map<string, string>();
  const put = (section: string, values: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(values)) settings.set(`${section}.${name}`, asText(value));
  };
  put('gateway', {
    listen: gateway.listen,
    tls: gateway.tls,
    public_url: gateway.publicUrl,
    pages_url: gateway.pagesUrl,
    identity_secret: gateway.identitySecret,
    cors_origins: gateway.corsOrigins,
    block_addresses: gateway.blockAddresses,
    allow_addresses: gateway.allowAddresses,
    trusted_proxies: gateway.trustedProxies,
    forwarded_field: gateway.forwardedField,
    rates: gateway.rates,
    idempotency: gateway.idempotency,
  });
  for (const [name, limit] of Object.entries(gatewayLimits)) {
    settings.set(`gateway.limits.${limit.key}`, asText(Reflect.get(gateway.limits, name)));
  }
  put('admin', { listen: admin.listen, token: admin.token });
  put('stellar', {
    network: [stellar.network, stellar.passphrase],
    rpc_url: stellar.rpcUrl,
    second_rpc_url: stellar.secondRpcUrl,
    horizon_url: stellar.horizonUrl,
    vault: stellar.vault,
    operator_secret: stellar.operatorSecret,
    fee_max_stroops: stellar.feeMaxStroops,
    explorer_url: stellar.explorerUrl,
  });
  put('storage', { path: storage.path, durability: storage.durability, wal_sync_interval: storage.walSyncIntervalMs });
  put('tokens', { keys_file: tokens.keysFile, ttl: tokens.ttlMs, ttl_max: tokens.ttlMaxMs });
  put('deposits', {
    poll_interval: deposits.pollIntervalMs,
    low_balance: deposits.lowBalanceUnits,
    classic: deposits.classic,
  });
  put('settlement', {
    interval: settlement.intervalMs,
    min_total: settlement.minTotalUnits,
    batch_entries: settlement.batchEntries,
    lanes: settlement.lanes,
    payout_min: settlement.payoutMinUnits,
    payout_interval: settlement.payoutIntervalMs,
    keep_accounts_alive: settlement.keepAccountsAlive,
    age_max: settlement.ageMaxMs,
    exposure_max: settlement.exposureMaxUnits,
    exposure_account_max: settlement.exposureAccountMaxUnits,
  });
  put('log', { level: log.level, access: log.access });
  settings.set('webhooks', asText(webhooks));
  return settings;
}

function asText(value: unknown): string {
  const bigintAsText = (_: string, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner);
  return JSON.stringify(value, bigintAsText) ?? 'undefined';
}
