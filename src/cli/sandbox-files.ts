import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createTokenKeys } from '../access/keys.ts';
import { formatUsdc, type Units } from '../money.ts';
import { seedFromBytes } from '../stellar/seeds.ts';

/** Who takes part in the sandbox, each with a key that is the same at every start, so that examples can name them. */
export const roles = ['admin', 'operator', 'issuer', 'treasury', 'deposit', 'payee', 'consumer'] as const;

export type SandboxKeys = Record<(typeof roles)[number], string>;

/** S… seeds derived from the role's name: everyone knows them, and they are worth nothing outside a sandbox. */
export function sandboxKeys(): SandboxKeys {
  const entries = roles.map((role) => [
    role,
    seedFromBytes(createHash('sha256').update(`callora sandbox ${role}`).digest()),
  ]);
  return Object.fromEntries(entries) as SandboxKeys;
}

export type SandboxFiles = {
  config: string;
  adminToken: string;
  upstreamSecret: string;
  consumerKey: string;
  devnetState: string;
};

/** Everything that stays the same when a sandbox is started again on its data directory. */
export async function prepareFiles(dataDir: string, keys: SandboxKeys): Promise<SandboxFiles> {
  const secrets = path.join(dataDir, 'secrets');
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  writeFileSync(path.join(secrets, 'operator.seed'), `${keys.operator}\n`, { mode: 0o600 });
  writeFileSync(path.join(secrets, 'deposit.seed'), `${keys.deposit}\n`, { mode: 0o600 });
  const consumerKey = path.join(secrets, 'consumer.seed');
  writeFileSync(consumerKey, `${keys.consumer}\n`, { mode: 0o600 });
  const tokenKeys = path.join(secrets, 'tokens.jwks');
  if (!existsSync(tokenKeys)) await createTokenKeys(tokenKeys);
  return {
    config: path.join(dataDir, 'config.yaml'),
    adminToken: keptSecret(path.join(secrets, 'admin.token')),
    consumerKey,
    upstreamSecret: keptSecret(path.join(secrets, 'upstream.key')),
    devnetState: path.join(dataDir, 'devnet.json'),
  };
}

function keptSecret(file: string): string {
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

export type SandboxConfig = {
  gatewayPort: number;
  adminPort: number;
  passphrase: string;
  rpcUrl: string;
  horizonUrl: string;
  vault: string;
  payee: string;
  /** The visitor's own service, or the demo upstream with its secret. */
  sold: { kind: 'visitor'; upstream: string; priceUnits: Units } | { kind: 'demo'; upstream: string };
};

/**
 * An ordinary config file, so that what runs in the sandbox is what runs in earnest. Only the limits differ: everyone
 * calls from one address, and settlements come every few seconds so that a visitor sees them.
 */
export function sandboxYaml(config: SandboxConfig): string {
  return `# Written by \`callora sandbox\` at every start.
gateway:
  listen: 127.0.0.1:${config.gatewayPort}
  limits: { connections_per_address_max: 4096, connections_max: 8192, calls_per_account_max: 4096 }
admin: { listen: 127.0.0.1:${config.adminPort}, token_file: ./secrets/admin.token }
stellar:
  network: ${JSON.stringify(config.passphrase)}
  rpc_url: ${config.rpcUrl}
  horizon_url: ${config.horizonUrl}
  vault: ${config.vault}
  operator_secret_file: ./secrets/operator.seed
deposits: { poll_interval: 500ms, classic: { secret_file: ./secrets/deposit.seed, min: "0.1" } }
storage: { path: ./callora.db }
tokens: { keys_file: ./secrets/tokens.jwks, ttl: 24h }
settlement: { interval: 5s, min_total: "0.000001", payout_min: "1", payout_interval: 30s }
log: { level: warn }
apis:
${config.sold.kind === 'demo' ? demoApi(config.payee, config.sold.upstream) : visitorApi(config.payee, config.sold)}`;
}

function demoApi(payee: string, upstream: string): string {
  return `  - name: demo
    payee: ${payee}
    mount: /demo
    upstream: ${upstream}
    headers: { x-api-key: { file: ./secrets/upstream.key } }
    signed_context: true
    price: "0.0005"
    routes:
      - { match: "GET /forecast/:city", price: "0.002", description: "The weather of a city" }
      - { match: "POST /echo", price: "0.001", description: "What arrived at the upstream" }
      - { match: "GET /events", price: "0.005", description: "Five server-sent events" }
      - { match: "GET /live", websocket: { price: "0.001", per: message }, description: "A WebSocket that says back what you send" }
      - { match: "POST /v1/chat/completions", price: "0.003", description: "Chat completions: your own words, in the shape of the OpenAI API" }
      - { match: "GET /status", price: "0", auth: none, description: "Free, and open to anyone" }
      - { match: "GET /fail", price: "0.002", description: "Always fails, so it never costs anything" }
`;
}

function visitorApi(payee: string, sold: { upstream: string; priceUnits: Units }): string {
  return `  - name: mine
    payee: ${payee}
    mount: /mine
    upstream: ${sold.upstream}
    allow_private: true
    price: "${formatUsdc(sold.priceUnits)}"
`;
}
