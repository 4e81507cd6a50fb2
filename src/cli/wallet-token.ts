import { signChallenge } from '../access/challenge-client.ts';
import { type Clock, systemClock } from '../clock.ts';
import { publicKeyOf } from '../stellar/transactions.ts';
import { CliError } from './exit-codes.ts';
import { askGateway } from './gateway-client.ts';

export type WalletLoginRequest = {
  /** Origin of the gateway. */
  gateway: string;
  /** S… seed of the account. */
  secret: string;
  /** The network the account trusts, not what the gateway claims. */
  passphrase: string;
  /** The key this gateway signed challenges with before, if the caller knows it. */
  serverKey?: string | undefined;
  clock?: Clock;
};

/** Logs in at a gateway with a key (SEP-10) and returns the access token. */
export async function walletToken(request: WalletLoginRequest): Promise<string> {
  return textOf(await proveKey(request, '/_callora/login'), 'token');
}

/** The same proof for a session of ten minutes, in which the account may do what no token may. */
export async function walletSession(request: WalletLoginRequest): Promise<string> {
  return textOf(await proveKey(request, '/_callora/session'), 'session');
}

async function proveKey(request: WalletLoginRequest, path: string): Promise<Record<string, unknown>> {
  const { gateway, secret } = request;
  const query = new URLSearchParams({ account: publicKeyOf(secret) });
  const challenge = await askGateway(gateway, `/_callora/login?${query}`);
  const transaction = await signLogin(request, textOf(challenge, 'transaction'));
  return await askGateway(gateway, path, { body: { transaction } });
}

/** Signs a login transaction, and refuses everything that is none of this gateway's for this account. Sends nothing. */
export async function signLogin(request: WalletLoginRequest, transaction: string): Promise<string> {
  const { gateway, secret, passphrase } = request;
  const toml = await readStellarToml(gateway);
  if (toml.passphrase !== passphrase) {
    throw new CliError('refused', `${gateway} works on the network "${toml.passphrase}", not on "${passphrase}"`);
  }
  if (request.serverKey !== undefined && request.serverKey !== toml.signingKey) {
    throw new CliError(
      'refused',
      `${gateway} now signs logins with ${toml.signingKey}, before it was ${request.serverKey}`,
      'Ask the operator whether the key was changed. If so, remove the state file and log in again.',
    );
  }
  const signed = signChallenge({
    transaction,
    secret,
    passphrase,
    serverKey: toml.signingKey,
    domains: [new URL(gateway).host, new URL(gateway).hostname],
    nowS: Math.floor((request.clock ?? systemClock).nowMs() / 1000),
  });
  if (!signed.ok) {
    throw new CliError('refused', `the login was not signed: ${signed.detail}`, 'Nothing was signed or sent.');
  }
  return signed.transaction;
}

export type StellarToml = { signingKey: string; passphrase: string };

/** The two lines of SEP-1 that a login needs. */
export async function readStellarToml(gateway: string): Promise<StellarToml> {
  const text = await askGateway(gateway, '/.well-known/stellar.toml', { as: 'text' });
  const line = (name: string) => {
    const found = new RegExp(`^${name}\\s*=\\s*("(?:[^"\\\\]|\\\\.)*")\\s*$`, 'm').exec(text);
    if (!found?.[1]) throw new CliError('refused', `${gateway}/.well-known/stellar.toml has no ${name}`);
    return String(JSON.parse(found[1]));
  };
  return { signingKey: line('SIGNING_KEY'), passphrase: line('NETWORK_PASSPHRASE') };
}

function textOf(answer: Record<string, unknown>, name: string): string {
  const value = answer[name];
  if (typeof value !== 'string') throw new CliError('refused', `the gateway's answer has no ${name}`);
  return value;
}
