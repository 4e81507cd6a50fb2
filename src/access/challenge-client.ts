import { Keypair, Transaction } from '@stellar/stellar-sdk/base';
import { isSignedBy } from './login-signers.ts';

/** The wallet's half of SEP-10. */
export type ChallengeToSign = {
  /** Base64 XDR as the gateway sent it. */
  transaction: string;
  /** S… seed of the account that logs in. */
  secret: string;
  passphrase: string;
  /** G… key the gateway signs challenges with. */
  serverKey: string;
  /** Names the gateway may go by: host, with and without port. */
  domains: readonly string[];
  nowS: number;
};

export type SignedChallenge = { ok: true; transaction: string } | { ok: false; detail: string };

/** Clocks of two honest machines differ by this much at most, s. */
const clockSkewS = 300;

/**
 * Signs a challenge after checking that it can be nothing but a login at this gateway: a transaction that can never run,
 * made by the expected key for the expected network and name. Anything else might move the signer's money.
 */
export function signChallenge(request: ChallengeToSign): SignedChallenge {
  const keypair = Keypair.fromSecret(request.secret);
  const transaction = parse(request.transaction, request.passphrase);
  if (!transaction) return { ok: false, detail: 'the challenge is not a plain transaction' };
  const detail = fault(transaction, keypair.publicKey(), request);
  if (detail !== undefined) return { ok: false, detail };
  transaction.sign(keypair);
  return { ok: true, transaction: transaction.toEnvelope().toXdr('base64') };
}

function parse(text: string, passphrase: string): Transaction | undefined {
  try {
    return new Transaction(text, passphrase);
  } catch {
    return undefined;
  }
}

function fault(transaction: Transaction, account: string, request: ChallengeToSign): string | undefined {
  const { serverKey, domains, nowS } = request;
  if (transaction.sequence !== '0') return 'the challenge has a sequence number: it could run as a transaction';
  if (transaction.source !== serverKey) return 'the challenge was made by another key than the gateway names';
  const minTimeS = Number(transaction.timeBounds?.minTime ?? 0);
  const maxTimeS = Number(transaction.timeBounds?.maxTime ?? 0);
  if (maxTimeS === 0 || nowS < minTimeS - clockSkewS || nowS > maxTimeS + clockSkewS) {
    return 'the challenge is not for now: compare the clocks of the two machines';
  }
  const [first, ...others] = transaction.operations;
  if (first?.type !== 'manageData' || first.source !== account) return 'the challenge is for another account';
  const domain = first.name.endsWith(' auth') ? first.name.slice(0, -' auth'.length) : '';
  if (!domains.includes(domain)) return `the challenge is for ${domain || 'no name'}, not for ${domains.join(' or ')}`;
  for (const operation of others) {
    if (operation.type !== 'manageData' || operation.source !== serverKey) {
      return 'the challenge holds an operation that is no part of a login';
    }
    const value = operation.value === undefined ? '' : Buffer.from(operation.value).toString('utf8');
    if (operation.name === 'web_auth_domain' && !domains.includes(value)) {
      return `the login is answered by ${value}, not by ${domains.join(' or ')}`;
    }
  }
  if (!isSignedBy(transaction, Keypair.fromPublicKey(serverKey))) return 'the gateway has not signed the challenge';
  return undefined;
}
