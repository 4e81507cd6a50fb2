import type { Config } from '../catalog/model.ts';

/** Documents at fixed addresses that standard clients look for. */

/** RFC 9728: which issuer's tokens this gateway takes, and how. */
export function protectedResource(config: Config): unknown {
  const { publicUrl } = config.gateway;
  return {
    resource: publicUrl,
    authorization_servers: [publicUrl],
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    scopes_supported: config.apis.map((api) => api.name),
    bearer_methods_supported: ['header'],
    resource_name: 'Callora gateway',
    resource_documentation: `${publicUrl}/_callora/`,
  };
}

/** RFC 8414. Tokens come from wallet login (SEP-10), which is no OAuth grant: it has a name of its own. */
export function authorizationServer(config: Config): unknown {
  const { publicUrl } = config.gateway;
  return {
    issuer: publicUrl,
    token_endpoint: `${publicUrl}/_callora/login`,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    scopes_supported: config.apis.map((api) => api.name),
    response_types_supported: [],
    grant_types_supported: ['urn:stellar:sep:10'],
    token_endpoint_auth_methods_supported: ['none'],
    service_documentation: `${publicUrl}/_callora/`,
  };
}

export type TomlFacts = {
  /** G… address that signs login challenges. */
  signingKey: string;
  /** Accounts of the gateway that others pay. */
  accounts: string[];
  /** C… address of the vault's token, and the classic asset behind it where there is one. */
  asset: string | undefined;
  classicAsset?: { code: string; issuer: string } | undefined;
};

/** SEP-1: what wallets and SEP-10 clients look up about this domain. */
export function stellarToml({ stellar, gateway }: Config, facts: TomlFacts): string {
  const { signingKey, accounts, asset, classicAsset } = facts;
  const currency = classicAsset ?? (asset === undefined ? undefined : { code: 'USDC', contract: asset });
  const status = stellar.network === 'public' ? 'live' : 'test';
  return [
    ...tomlLines({
      VERSION: '2.7.0',
      NETWORK_PASSPHRASE: stellar.passphrase,
      SIGNING_KEY: signingKey,
      WEB_AUTH_ENDPOINT: `${gateway.publicUrl}/_callora/login`,
      ...(accounts.length > 0 ? { ACCOUNTS: accounts } : {}),
    }),
    ...(currency ? ['', '[[CURRENCIES]]', ...tomlLines({ ...currency, status, display_decimals: 7 })] : []),
    '',
  ].join('\n');
}

/** JSON values are valid TOML: strings escape quotes, backslashes and control characters the same way. */
function tomlLines(fields: Record<string, string | number | string[]>): string[] {
  return Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
}
