import { randomBytes } from 'node:crypto';
import { Account, type Keypair, Operation, Transaction, TransactionBuilder } from '@stellar/stellar-sdk/base';

/**
 * SEP-10 challenges: a transaction that can never run (sequence 0), signed by the gateway, which the wallet signs too.
 * The SDK's own WebAuth builds and reads them against the machine's real clock with 300 s of grace, and leaves
 * `web_auth_domain` unchecked when it is absent, so both directions are written here on its transaction types.
 */
export type ChallengeTerms = { server: Keypair; homeDomain: string; webAuthDomain: string; passphrase: string };

/** Life of a challenge, s: what SEP-10 recommends; a hardware wallet and its owner need minutes. */
export const challengeLifeS = 900;

export type ChallengeRead =
  | {
      ok: true;
      account: string;
      /** Hex of the transaction hash: what is used once. */
      hash: string;
      expiresAtMs: number;
      transaction: Transaction;
    }
  | { ok: false; detail: string };

/** Base64 of the signed challenge for a G… account, good from `nowS` for `challengeLifeS`. */
export function buildChallenge(terms: ChallengeTerms, account: string, nowS: number): string {
  const nonce = randomBytes(48).toString('base64');
  const transaction = build(terms, account, nonce, nowS);
  transaction.sign(terms.server);
  return transaction.toEnvelope().toXdr('base64');
}

/**
 * Reads a challenge that comes back. It must be, field by field, a transaction that `buildChallenge` makes: it is
 * rebuilt from the four things that vary and compared by hash, so sequence, source, memo, preconditions, fee, domains,
 * and number and order of operations need no list of checks that could miss one. Signatures of clients are not judged.
 */
export function readChallenge(terms: ChallengeTerms, text: string, nowS: number): ChallengeRead {
  const transaction = parse(text, terms.passphrase);
  if (!transaction) return { ok: false, detail: 'The transaction is not a plain transaction in canonical base64 XDR.' };
  const first = transaction.operations[0];
  const account = first?.source ?? '';
  if (first?.type !== 'manageData' || !first.value || !account.startsWith('G')) {
    return { ok: false, detail: 'The first operation is not the manage data operation of a G… account.' };
  }
  const nonce = Buffer.from(first.value).toString('latin1');
  if (!isNonce(nonce)) return { ok: false, detail: 'The nonce is not 48 bytes in base64.' };
  const minTimeS = Number(transaction.timeBounds?.minTime);
  const maxTimeS = Number(transaction.timeBounds?.maxTime);
  if (!Number.isSafeInteger(minTimeS) || minTimeS <= 0) {
    return { ok: false, detail: 'The transaction has no time bounds.' };
  }
  if (account === terms.server.publicKey()) {
    return { ok: false, detail: 'The gateway does not log in to itself.' };
  }
  const same = build(terms, account, nonce, minTimeS);
  if (!Buffer.from(same.hash()).equals(Buffer.from(transaction.hash()))) {
    return { ok: false, detail: 'The transaction is not a challenge of this gateway for this network and domain.' };
  }
  if (nowS < minTimeS || nowS > maxTimeS) return { ok: false, detail: 'The challenge has expired. Ask for a new one.' };
  const hash = Buffer.from(transaction.hash()).toString('hex');
  return { ok: true, account, hash, expiresAtMs: (maxTimeS + 1) * 1_000, transaction };
}

function build(terms: ChallengeTerms, account: string, nonce: string, minTimeS: number): Transaction {
  const server = terms.server.publicKey();
  // The builder adds 1, and sequence 0 is what can never run.
  return new TransactionBuilder(new Account(server, '-1'), {
    fee: '100',
    networkPassphrase: terms.passphrase,
    timebounds: { minTime: minTimeS, maxTime: minTimeS + challengeLifeS },
  })
    .addOperation(Operation.manageData({ name: `${terms.homeDomain} auth`, value: nonce, source: account }))
    .addOperation(Operation.manageData({ name: 'web_auth_domain', value: terms.webAuthDomain, source: server }))
    .build();
}

/** A fee-bump, an old-style envelope or another spelling of the same bytes is not what was handed out. */
function parse(text: string, passphrase: string): Transaction | undefined {
  try {
    const transaction = new Transaction(text, passphrase);
    return transaction.toEnvelope().toXdr('base64') === text ? transaction : undefined;
  } catch {
    return undefined;
  }
}

function isNonce(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 48 && bytes.toString('base64') === text;
}
