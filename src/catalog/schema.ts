import { z } from 'zod';
import { parseUsdc, type Units, units } from '../money.ts';
import {
  address,
  addressRange,
  field,
  flag,
  limit,
  listen,
  oneOf,
  optionalLimit,
  perSecond,
  text,
  textOf,
  url,
  usdc,
} from './field.ts';
import { apiLimits, gatewayLimits, idempotencyLimits, otherLimits } from './limits-defaults.ts';
import { type Network, resolveNetwork } from './network.ts';
import { mountFault, parsePattern, type RoutePattern } from './route-grammar.ts';
import { upstreamKeys } from './upstream-keys.ts';
import { webhookKinds } from './webhook-kinds.ts';

/**
 * The operator's interface: every key of the YAML, its form and its default. Keys are strict: a misspelt one is an
 * error. What needs more than one value (secrets, collisions, prices that inherit) is checked in the compile step.
 */

function usdcDefault(amount: string): Units {
  return parseUsdc(amount) ?? units(0n);
}

const rate = z.strictObject({ per_second: perSecond, burst: optionalLimit(apiLimits.burst) });

const rates = z
  .strictObject({ account: rate.optional(), token: rate.optional(), address: rate.optional() })
  .prefault({});
const corsOrigins = field({ expected: "'*' or a list of origins such as [https://app.example.com]" }, readOrigins);

const fieldName = field({ expected: 'the name of a header field, such as x-total-count' }, readFieldName);

const gateway = z.strictObject({
  listen: listen.default({ host: '127.0.0.1', port: 8402 }),
  tls: z
    .strictObject({
      cert_file: textOf('a file with certificates in PEM form, that of the gateway first'),
      key_file: textOf('a file with the private key of that certificate in PEM form'),
      min_version: field({ expected: '1.2 | 1.3' }, readTlsVersion).default('TLSv1.2'),
    })
    .optional(),
  public_url: url({ path: 'none', expected: 'the origin consumers use, such as https://api.example.com' }).optional(),
  pages_url: url({ path: 'none', expected: 'an origin of another host, such as https://pay.example.com' }).optional(),
  cors_origins: corsOrigins.default('*'),
  identity_secret: text.optional(),
  identity_secret_file: text.optional(),
  block_addresses: z.array(addressRange).default([]),
  allow_addresses: z.array(addressRange).default([]),
  trusted_proxies: z.array(addressRange).default([]),
  forwarded_field: oneOf('x-forwarded-for', 'forwarded').default('x-forwarded-for'),
  rates,
  idempotency: z
    .strictObject({
      life: limit(idempotencyLimits.lifeMs),
      body_bytes_max: limit(idempotencyLimits.bodyBytesMax),
      answer_bytes_max: limit(idempotencyLimits.answerBytesMax),
      read_on_timeout: limit(idempotencyLimits.readOnTimeoutMs),
      buffered_bytes_max: limit(idempotencyLimits.bufferedBytesMax),
      keys_per_account_max: limit(idempotencyLimits.keysPerAccountMax),
      keys_max: limit(idempotencyLimits.keysMax),
      stored_bytes_per_account_max: limit(idempotencyLimits.storedBytesPerAccountMax),
      stored_bytes_max: limit(idempotencyLimits.storedBytesMax),
      unpaid_percent_max: limit(idempotencyLimits.unpaidPercentMax),
    })
    .prefault({}),
  limits: z
    .strictObject({
      head_bytes_max: limit(gatewayLimits.headBytesMax),
      head_fields_max: limit(gatewayLimits.headFieldsMax),
      target_bytes_max: limit(gatewayLimits.targetBytesMax),
      token_bytes_max: limit(gatewayLimits.tokenBytesMax),
      body_bytes_max: limit(gatewayLimits.bodyBytesMax),
      head_timeout: limit(gatewayLimits.headTimeoutMs),
      tls_handshake_timeout: limit(gatewayLimits.tlsHandshakeTimeoutMs),
      body_idle_timeout: limit(gatewayLimits.bodyIdleTimeoutMs),
      requests_per_connection_max: limit(gatewayLimits.requestsPerConnectionMax),
      connections_per_address_max: limit(gatewayLimits.connectionsPerAddressMax),
      connections_max: limit(gatewayLimits.connectionsMax),
      calls_per_account_max: limit(gatewayLimits.callsPerAccountMax),
      verifications_max: limit(gatewayLimits.verificationsMax),
      drain_timeout: limit(gatewayLimits.drainTimeoutMs),
      websocket_frame_bytes_max: limit(gatewayLimits.websocketFrameBytesMax),
      websocket_message_bytes_max: limit(gatewayLimits.websocketMessageBytesMax),
      websocket_idle_timeout: limit(gatewayLimits.websocketIdleTimeoutMs),
      websocket_check_interval: limit(gatewayLimits.websocketCheckIntervalMs),
    })
    .prefault({}),
});

const admin = z.strictObject({
  listen: listen.default({ host: '127.0.0.1', port: 8403 }),
  insecure_listen: flag.default(false),
  token: text.optional(),
  token_file: text.optional(),
});

const stellar = z.strictObject({
  network: field({ expected: 'testnet | public | a passphrase' }, readNetwork),
  rpc_url: url({ path: 'any', expected: 'the URL of a Stellar RPC server' }),
  second_rpc_url: url({ path: 'any', expected: 'the URL of a Stellar RPC server of another provider' }).optional(),
  horizon_url: url({ path: 'any', expected: 'the URL of a Horizon server' }).optional(),
  vault: address('contract'),
  operator_secret: text.optional(),
  operator_secret_file: text.optional(),
  fee_max_stroops: limit(otherLimits.feeMaxStroops),
  explorer_url: field(
    { expected: 'a URL with {hash} where the transaction hash goes, such as https://explorer.example/tx/{hash}' },
    readExplorer,
  ).optional(),
});

const deposits = z.strictObject({
  poll_interval: limit(otherLimits.pollIntervalMs),
  low_balance: usdc.default(usdcDefault('1')),
  classic: z
    .strictObject({
      secret: text.optional(),
      secret_file: text.optional(),
      min: usdc.default(usdcDefault('1')),
    })
    .optional(),
});

const storage = z.strictObject({
  path: text.default('./data/callora.db'),
  durability: oneOf('process', 'disk').default('process'),
  wal_sync_interval: limit(otherLimits.walSyncIntervalMs),
});

const tokens = z.strictObject({
  keys_file: text.default('./secrets/tokens.jwks'),
  ttl: limit(otherLimits.tokenTtlMs),
  ttl_max: limit(otherLimits.tokenTtlMaxMs),
});

const settlement = z.strictObject({
  interval: limit(otherLimits.settlementIntervalMs),
  min_total: usdc.default(usdcDefault('0.10')),
  batch_entries: limit(otherLimits.batchEntries),
  lanes: limit(otherLimits.lanes),
  payout_min: usdc.default(usdcDefault('5')),
  payout_interval: limit(otherLimits.payoutIntervalMs),
  keep_accounts_alive: flag.default(true),
  age_max: limit(otherLimits.ageMaxMs),
  exposure_max: usdc.default(usdcDefault('1000')),
  exposure_account_max: usdc.default(usdcDefault('100')),
});

const log = z.strictObject({
  access: flag.default(true),
  level: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent').default('info'),
});

/** One receiver of events. */
export const webhook = z.strictObject({
  name: field({ expected: 'lower-case letters, digits and hyphens, a letter first, 63 at most' }, readName),
  url: url({ path: 'any', expected: 'where events are sent, such as https://ops.example/callora' }),
  secret: text.optional(),
  secret_file: text.optional(),
  events: z.array(oneOf(...webhookKinds)).default([...webhookKinds]),
  allow_private: flag.default(false),
});

/** Every section but the lists `apis` and `webhooks`. */
export const sections = { gateway, admin, stellar, deposits, storage, tokens, settlement, log };

const chargeOn = z.array(field({ expected: '2xx, 3xx, 4xx or a status such as 404' }, readStatus)).optional();

export const route = z.strictObject({
  match: field({ expected: '"GET /forecast/:city" or "ANY /files/*", in canonical form' }, readMatch),
  price: usdc.optional(),
  auth: oneOf('token', 'none').default('token'),
  charge_on: chargeOn,
  timeout: optionalLimit(apiLimits.timeoutMs),
  body_bytes_max: optionalLimit(gatewayLimits.bodyBytesMax),
  cacheable: flag.optional(),
  pass_payment_required: flag.optional(),
  description: text.optional(),
  /** Makes a route of WebSocket calls, with a price of its own. */
  websocket: z.strictObject({ price: usdc, per: oneOf('connection', 'message', 'minute') }).optional(),
});

export const api = z.strictObject({
  name: field({ expected: 'lower-case letters, digits and hyphens, a letter first, 63 at most' }, readName),
  payee: address('account', 'contract'),
  mount: field({ expected: 'a path such as /weather, or / for the root' }, readMount),
  ...upstreamKeys,
  headers: z.record(z.string(), z.unknown()).default({}),
  signed_context: flag.default(false),
  price: usdc.optional(),
  charge_on: chargeOn,
  cors: z
    .strictObject({
      origins: corsOrigins,
      headers: z.array(fieldName).optional(),
      expose: z.array(fieldName).default([]),
      max_age: limit(apiLimits.corsMaxAgeMs),
      credentials: flag.default(false),
    })
    .optional(),
  encoded_slash: flag.default(false),
  rate: rate.optional(),
  rates,
  calls_per_account_max: optionalLimit(gatewayLimits.callsPerAccountMax),
  block_addresses: z.array(addressRange).default([]),
  allow_addresses: z.array(addressRange).default([]),
  body_bytes_max: optionalLimit(gatewayLimits.bodyBytesMax),
  cacheable: flag.default(false),
  pass_payment_required: flag.default(false),
  description: text.optional(),
  // Each one is checked on its own, so that a bad route hides nothing about the others.
  routes: z.array(z.unknown()).default([]),
});

export type Sections = { [Name in keyof typeof sections]: z.infer<(typeof sections)[Name]> };
export type ApiSettings = z.infer<typeof api>;
export type RouteSettings = z.infer<typeof route>;
export type RatesSettings = z.infer<typeof rates>;
export type WebhookSettings = z.infer<typeof webhook>;

function readNetwork(value: unknown): Network | { refused: string } {
  return (typeof value === 'string' ? resolveNetwork(value) : undefined) ?? { refused: 'is not a known network' };
}

/** YAML reads 1.2 as a number. */
function readTlsVersion(value: unknown): 'TLSv1.2' | 'TLSv1.3' | { refused: string } {
  const version = String(value);
  if (version === '1.2' || version === '1.3') return `TLSv${version}`;
  return { refused: 'is no version of TLS that is spoken here' };
}

function readExplorer(value: unknown): string | { refused: string } {
  if (typeof value !== 'string' || !/^https?:\/\//.test(value)) return { refused: 'is not an http or https URL' };
  if (value.split('{hash}').length !== 2) return { refused: 'does not hold {hash} once' };
  return URL.canParse(value.replace('{hash}', '0')) ? value : { refused: 'is not an http or https URL' };
}

/** The word that tokens carry in their scope. */
function readName(value: unknown): string | { refused: string } {
  return typeof value === 'string' && /^[a-z][a-z0-9-]{0,62}$/.test(value) ? value : { refused: 'is not a name' };
}

function readMount(value: unknown): string | { refused: string } {
  if (typeof value !== 'string') return { refused: 'is not a text' };
  const fault = mountFault(value);
  return fault === undefined ? value : { refused: fault };
}

function readMatch(value: unknown): RoutePattern | { refused: string } {
  const pattern = typeof value === 'string' ? parsePattern(value) : 'is not a text';
  return typeof pattern === 'string' ? { refused: pattern } : pattern;
}

/** `404` or a class such as `2xx`. A 5xx is the upstream's failure and is never charged. */
export type ChargedStatus = number | '2xx' | '3xx' | '4xx';

function readStatus(value: unknown): ChargedStatus | { refused: string } {
  if (value === '2xx' || value === '3xx' || value === '4xx') return value;
  // A value from the environment is always a text.
  const status = typeof value === 'string' && /^[1-5][0-9]{2}$/.test(value) ? Number(value) : value;
  const isFailure = status === '5xx' || (typeof status === 'number' && status >= 500 && status < 600);
  if (isFailure) return { refused: 'is a failure of the upstream, which is never charged' };
  const isFinal = typeof status === 'number' && Number.isInteger(status) && status >= 200 && status < 500;
  return isFinal ? status : { refused: 'is not a final status' };
}

function readOrigins(value: unknown): '*' | string[] | { refused: string } {
  if (value === '*') return '*';
  if (!Array.isArray(value)) return { refused: "is neither '*' nor a list" };
  const bad = value.find((origin) => typeof origin !== 'string' || !isOrigin(origin));
  return bad === undefined ? value : { refused: `holds ${JSON.stringify(bad)}, which is not an origin` };
}

/** A star would leave out `authorization`, which every call needs, so fields are named one by one. */
function readFieldName(value: unknown): string | { refused: string } {
  const isName = typeof value === 'string' && value !== '*' && /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/.test(value);
  return isName ? value.toLowerCase() : { refused: 'is not the name of a header field' };
}

/** Browsers send the origin in one spelling, and it is compared byte by byte. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
