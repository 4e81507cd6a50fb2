import type { Config } from '../catalog/model.ts';
import { formatUsdc, type Units } from '../money.ts';

/** The public documents about the gateway: what it is, what it sells, how to pay in. Pure: config in, JSON out. */

/** What the vault says of itself; absent until it has been read. */
export type ChainFacts = {
  /** C… address of the USDC token contract. */
  asset: string | undefined;
  /** The classic asset behind it, where there is one. */
  classicAsset?: { code: string; issuer: string } | undefined;
  minDeposit: Units | undefined;
  withdrawDelayS: number | undefined;
};

export function serviceView(config: Config, version: string): unknown {
  const link = (path: string) => `${config.gateway.publicUrl}${path}`;
  return {
    name: 'callora',
    version,
    network: config.stellar.network,
    network_passphrase: config.stellar.passphrase,
    vault: config.stellar.vault,
    currency: 'USDC',
    tokens: { ttl_s: config.tokens.ttlMs / 1000, ttl_max_s: config.tokens.ttlMaxMs / 1000 },
    apis: config.apis.map((api) => ({ name: api.name, url: link(api.mount) })),
    links: {
      page: `${config.gateway.pagesUrl?.origin ?? config.gateway.publicUrl}/_callora/app/`,
      catalog: link('/_callora/catalog'),
      openapi: link('/_callora/openapi.json'),
      llms: link('/_callora/llms.txt'),
      login: link('/_callora/login'),
      session: link('/_callora/session'),
      account: link('/_callora/account'),
      usage: link('/_callora/usage'),
      usage_summary: link('/_callora/usage/summary'),
      tokens: link('/_callora/tokens'),
      receipt: link('/_callora/receipts/{call}'),
      leaves: link('/_callora/batches/{lane}/{batch}/leaves'),
      roots: link('/_callora/roots'),
      deposit: link('/_callora/deposit'),
      exits: link('/_callora/exits'),
      errors: link('/_callora/errors/{code}'),
      jwks: link('/.well-known/jwks.json'),
      stellar_toml: link('/.well-known/stellar.toml'),
    },
  };
}

export function catalogView(config: Config): unknown {
  return {
    currency: 'USDC',
    apis: config.apis.map((api) => ({
      name: api.name,
      url: `${config.gateway.publicUrl}${api.mount}`,
      payee: api.payee,
      routes: api.routes.map((route) => ({
        method: route.method,
        path: route.template,
        price: formatUsdc(route.priceUnits),
        ...(route.websocket === undefined ? {} : { websocket: { per: route.websocket } }),
        auth: route.auth,
        ...(route.description === undefined ? {} : { description: route.description }),
      })),
    })),
  };
}

export function depositView(config: Config, chain: ChainFacts): Record<string, unknown> {
  const gateway = config.gateway.publicUrl;
  const min = chain.minDeposit === undefined ? null : formatUsdc(chain.minDeposit);
  return {
    kind: 'vault',
    network: config.stellar.network,
    network_passphrase: config.stellar.passphrase,
    vault: config.stellar.vault,
    asset: chain.asset ?? null,
    currency: 'USDC',
    decimals: 7,
    min,
    withdraw_delay_s: chain.withdrawDelayS ?? null,
    rpc_url: rpcHint(config.stellar),
    how: 'Call deposit(from, account, amount) on the vault; the amount counts in 1e-7 USDC. Anyone may pay for any account.',
    command: `callora deposit ${min ?? 'AMOUNT'} --gateway ${gateway} --key FILE`,
  };
}

/**
 * Which RPC a consumer may try. The operator's own URL often carries a provider key in its path, so it is shown only
 * when it points at this very machine, as in the sandbox.
 */
function rpcHint({ network, rpcUrl }: Config['stellar']): string | null {
  const host = new URL(rpcUrl).hostname;
  if (host === '127.0.0.1' || host === 'localhost' || host === '[::1]') return rpcUrl;
  return network === 'testnet' ? 'https://soroban-testnet.stellar.org' : null;
}
