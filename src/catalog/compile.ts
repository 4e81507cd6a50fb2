import path from 'node:path';
import { compileApis } from './compile-apis.ts';
import { compileRates } from './compile-rates.ts';
import type { Config, GatewayLimits, IdempotencyLimits, Listen, TlsFiles, Webhook } from './model.ts';
import type { Settings } from './parse.ts';
import type { Sections, WebhookSettings } from './schema.ts';
import type { Secrets } from './secrets.ts';

/** Joins settings without problems into the Config. Nothing can go wrong any more: a missing value is a bug. */
export function compileConfig(file: string, settings: Settings, secrets: Secrets): Config {
  const { gateway, admin, stellar, deposits, storage, tokens, settlement, log } = settings.sections as Sections;
  const operatorSecret = required(secrets.operatorSecret);
  const folder = path.dirname(file);
  return {
    file,
    gateway: {
      listen: gateway.listen,
      tls: gateway.tls && compileTls(gateway.tls, folder),
      publicUrl: gateway.public_url?.origin ?? loopbackUrl(gateway.listen, gateway.tls ? 'https' : 'http'),
      pagesUrl: gateway.pages_url,
      identitySecret: secrets.identitySecret ?? operatorSecret,
      limits: compileLimits(gateway.limits),
      corsOrigins: gateway.cors_origins,
      blockAddresses: gateway.block_addresses,
      allowAddresses: gateway.allow_addresses,
      trustedProxies: gateway.trusted_proxies,
      forwardedField: gateway.forwarded_field,
      rates: compileRates(gateway.rates),
      idempotency: compileIdempotency(gateway.idempotency),
    },
    admin: { listen: admin.listen, token: required(secrets.adminToken) },
    stellar: {
      network: stellar.network.name,
      passphrase: stellar.network.passphrase,
      rpcUrl: stellar.rpc_url.href,
      secondRpcUrl: stellar.second_rpc_url?.href,
      horizonUrl: stellar.horizon_url?.href,
      vault: stellar.vault,
      operatorSecret,
      feeMaxStroops: stellar.fee_max_stroops,
      explorerUrl: stellar.explorer_url ?? explorers[stellar.network.name],
    },
    storage: {
      path: path.resolve(folder, storage.path),
      durability: storage.durability,
      walSyncIntervalMs: storage.wal_sync_interval,
    },
    tokens: { keysFile: path.resolve(folder, tokens.keys_file), ttlMs: tokens.ttl, ttlMaxMs: tokens.ttl_max },
    deposits: {
      pollIntervalMs: deposits.poll_interval,
      lowBalanceUnits: deposits.low_balance,
      classic: compileClassic(deposits, secrets),
    },
    settlement: compileSettlement(settlement),
    log: { level: log.level, access: log.access },
    webhooks: settings.webhooks.map((draft) =>
      compileWebhook(draft.settings as WebhookSettings, secrets.webhooks.get(draft)),
    ),
    ...compileApis(settings.apis, secrets, gateway.limits.body_bytes_max),
  };
}

/** Explorers of the networks that have names. */
const explorers: Record<string, string> = {
  public: 'https://stellar.expert/explorer/public/tx/{hash}',
  testnet: 'https://stellar.expert/explorer/testnet/tx/{hash}',
};

function compileClassic({ classic }: Sections['deposits'], secrets: Secrets): Config['deposits']['classic'] {
  if (!classic) return undefined;
  return { secret: required(secrets.depositSecret), minUnits: classic.min };
}

function compileWebhook(settings: WebhookSettings, secret: string | undefined): Webhook {
  return {
    name: settings.name,
    url: settings.url.href,
    secret: required(secret),
    events: settings.events,
    allowPrivate: settings.allow_private,
  };
}

function required(secret: string | undefined): string {
  if (secret === undefined) throw new Error('a secret is missing without a problem');
  return secret;
}

function compileTls(tls: NonNullable<Sections['gateway']['tls']>, folder: string): TlsFiles {
  return {
    certFile: path.resolve(folder, tls.cert_file),
    keyFile: path.resolve(folder, tls.key_file),
    minVersion: tls.min_version,
  };
}

function loopbackUrl({ host, port }: Listen, scheme: 'http' | 'https'): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${name}:${port}`;
}

function compileLimits(limits: Sections['gateway']['limits']): GatewayLimits {
  return {
    headBytesMax: limits.head_bytes_max,
    headFieldsMax: limits.head_fields_max,
    targetBytesMax: limits.target_bytes_max,
    tokenBytesMax: limits.token_bytes_max,
    bodyBytesMax: limits.body_bytes_max,
    headTimeoutMs: limits.head_timeout,
    tlsHandshakeTimeoutMs: limits.tls_handshake_timeout,
    bodyIdleTimeoutMs: limits.body_idle_timeout,
    requestsPerConnectionMax: limits.requests_per_connection_max,
    connectionsPerAddressMax: limits.connections_per_address_max,
    connectionsMax: limits.connections_max,
    callsPerAccountMax: limits.calls_per_account_max,
    verificationsMax: limits.verifications_max,
    drainTimeoutMs: limits.drain_timeout,
    websocketFrameBytesMax: limits.websocket_frame_bytes_max,
    websocketMessageBytesMax: limits.websocket_message_bytes_max,
    websocketIdleTimeoutMs: limits.websocket_idle_timeout,
    websocketCheckIntervalMs: limits.websocket_check_interval,
  };
}

function compileIdempotency(limits: Sections['gateway']['idempotency']): IdempotencyLimits {
  return {
    lifeMs: limits.life,
    bodyBytesMax: limits.body_bytes_max,
    answerBytesMax: limits.answer_bytes_max,
    readOnTimeoutMs: limits.read_on_timeout,
    bufferedBytesMax: limits.buffered_bytes_max,
    keysPerAccountMax: limits.keys_per_account_max,
    keysMax: limits.keys_max,
    storedBytesPerAccountMax: limits.stored_bytes_per_account_max,
    storedBytesMax: limits.stored_bytes_max,
    unpaidPercentMax: limits.unpaid_percent_max,
  };
}

function compileSettlement(settlement: Sections['settlement']): Config['settlement'] {
  return {
    intervalMs: settlement.interval,
    minTotalUnits: settlement.min_total,
    batchEntries: settlement.batch_entries,
    lanes: settlement.lanes,
    payoutMinUnits: settlement.payout_min,
    payoutIntervalMs: settlement.payout_interval,
    keepAccountsAlive: settlement.keep_accounts_alive,
    ageMaxMs: settlement.age_max,
    exposureMaxUnits: settlement.exposure_max,
    exposureAccountMaxUnits: settlement.exposure_account_max,
  };
}
