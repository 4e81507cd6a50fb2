/**
 * Keeps secrets out of log lines in two ways: by the name of the field, however deep, and by how a secret looks, wherever
 * it stands. The second catches what a client puts where no secret belongs.
 */

/** Field names whose values never reach a log line; compared without case, dashes and underscores. */
const secretNames = new Set(
  [
    'authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'token',
    'access-token',
    'admin-token',
    'jwt',
    'secret',
    'operator-secret',
    'identity-secret',
    'server-keypair-secret',
    'seed',
    'password',
    'passwd',
    'api-key',
    'x-api-key',
    'apikey',
    'private-key',
    'signature',
  ].map(folded),
);

const censor = '[redacted]';

/** Deeper objects are not worth a line, and a cycle ends here. */
const depthMax = 6;

/**
 * A private key in PEM form, line ends escaped or not, a JWS or JWE in compact form, a Stellar seed, and whatever follows
 * the name of an HTTP credential.
 */
const secretText =
  /-----BEGIN [A-Z ]{0,24}PRIVATE KEY-----(?:[^"\\]|\\[nr])*|eyJ[\w-]{6,}(?:\.[\w-]*){1,4}|S[A-Z2-7]{55}|\b(Bearer|Basic)(?:\s+|%20|\+)[\w\-.~+/]{12,}=*/gi;

export function redactText(text: string): string {
  return text.replace(secretText, (_, scheme?: string) => (scheme ? `${scheme} ${censor}` : censor));
}

/** The same value without those under secret names; errors and other classes are left to who serialises them. */
export function redactFields(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (depth >= depthMax) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => redactFields(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      secretNames.has(folded(name)) ? censor : redactFields(item, depth + 1),
    ]),
  );
}

function folded(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}
