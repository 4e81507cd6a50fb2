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

/** SEP-1, the part that SEP-10 clients read. */
export function stellarToml(passphrase: string, signingKey: string, publicUrl: string): string {
  const lines = {
    VERSION: '2.7.0',
    NETWORK_PASSPHRASE: passphrase,
    SIGNING_KEY: signingKey,
    WEB_AUTH_ENDPOINT: `${publicUrl}/_callora/login`,
  };
  // JSON strings are valid TOML basic strings: both escape quotes, backslashes and control characters the same way.
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join('');
}
