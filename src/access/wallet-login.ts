import { Keypair } from '@stellar/stellar-sdk/base';
import { addressKind } from '../catalog/address.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { buildChallenge, type ChallengeTerms, readChallenge } from './login-challenge.ts';
import { type AccountSigners, isSignedBy, signatureFault } from './login-signers.ts';

export type WalletLoginDeps = {
  /** Seed of the key that signs challenges: SIGNING_KEY in stellar.toml. */
  serverKeypairSecret: string;
  homeDomain: string;
  /** Host, and port when it is not the default one, where the login is answered. */
  webAuthDomain: string;
  passphrase: string;
  clock: Clock;
  /** Signers on chain now; undefined when the account does not exist; throws when the network cannot be asked. */
  accountSigners(address: string): Promise<AccountSigners | undefined>;
  /** Marks a challenge as used, durably; false when it was used before. Kept until `expiresAtMs` at least. */
  useOnce(hash: string, expiresAtMs: number): boolean | Promise<boolean>;
  /** Issues a token with scope `*` to an address that has proved itself. */
  issue(account: string): Promise<{ token: string; expiresAtMs: number }>;
};

export type WalletLogin = {
  /** GET: `account`, and `home_domain` if it is ours. Throws GatewayError `bad_challenge`. */
  challenge(query: Record<string, string>): Promise<{ transaction: string; network_passphrase: string }>;
  /**
   * The account that signed: `transaction` is the challenge as the wallet signed it, and is used up. Throws
   * GatewayError, for the most part `bad_challenge`.
   */
  prove(body: Record<string, unknown>): Promise<string>;
  /** POST: the same, and a token for the account. */
  answer(body: Record<string, unknown>): Promise<LoginToken>;
};

export type LoginToken = { token: string; account: string; expiresAtMs: number };

/** A challenge with 20 signatures, the most there can be, has about 2.5 KiB. */
const transactionCharsMax = 16_384;

/** Anyone can make us ask the network about an account, so only so many questions are open at once. */
const lookupsMax = 32;

/** Wallet login after SEP-10 for G… accounts. */
export function createWalletLogin(deps: WalletLoginDeps): WalletLogin {
  const server = Keypair.fromSecret(deps.serverKeypairSecret);
  const { homeDomain, webAuthDomain, passphrase, clock } = deps;
  const terms: ChallengeTerms = { server, homeDomain, webAuthDomain, passphrase };
  let lookups = 0;

  async function challenge(
    query: Record<string, string>,
  ): Promise<{ transaction: string; network_passphrase: string }> {
    const { account = '', memo, home_domain: domain } = query;
    const fault = accountFault(account) ?? (memo === undefined ? undefined : memoFault);
    if (fault !== undefined) throw refusal(fault);
    if (account === server.publicKey()) throw refusal('The gateway does not log in to itself.');
    if (domain !== undefined && domain !== homeDomain)
      throw refusal(`The home domain of this gateway is ${homeDomain}.`);
    const transaction = buildChallenge(terms, account, Math.floor(clock.nowMs() / 1_000));
    return { transaction, network_passphrase: passphrase };
  }

  async function prove({ transaction: text }: Record<string, unknown>): Promise<string> {
    if (typeof text !== 'string') throw refusal('Send one field, transaction: the signed challenge.');
    if (text.length > transactionCharsMax) throw refusal('The transaction is too large for a challenge.');
    const read = readChallenge(terms, text, Math.floor(clock.nowMs() / 1_000));
    if (!read.ok) throw refusal(read.detail);
    const { account, hash, expiresAtMs, transaction } = read;
    // Before the network is asked about anyone: a text that we did not sign costs nothing but this check.
    if (!isSignedBy(transaction, server)) throw refusal('The challenge is not signed by this gateway.');
    if (transaction.signatures.length < 2) throw refusal('The challenge is not signed by the wallet.');
    const fault = signatureFault(transaction, server.publicKey(), account, await signersOf(account));
    if (fault !== undefined) throw refusal(fault);
    // Last, so that only a complete login uses a challenge up; one step, so that two at once cannot both pass.
    if (!(await deps.useOnce(hash, expiresAtMs)))
      throw refusal('The challenge has been used before. Ask for a new one.');
    return account;
  }

  async function answer(body: Record<string, unknown>): Promise<LoginToken> {
    const account = await prove(body);
    const issued = await deps.issue(account);
    return { token: issued.token, account, expiresAtMs: issued.expiresAtMs };
  }

  async function signersOf(account: string): Promise<AccountSigners | undefined> {
    if (lookups >= lookupsMax) throw new GatewayError('overloaded', 'Too many logins at once. Try again.');
    lookups++;
    try {
      return await deps.accountSigners(account);
    } catch (cause) {
      const detail = 'The signers of this account could not be read from the Stellar network. Try again.';
      throw new GatewayError('chain_unavailable', detail, { cause });
    } finally {
      lookups--;
    }
  }

  return { challenge, prove, answer };
}

const memoFault = 'Memos are not supported: an account of this gateway is a whole Stellar account.';

function accountFault(account: string): string | undefined {
  switch (addressKind(account)) {
    case 'account':
      return undefined;
    case 'muxed':
      return 'Muxed accounts (M…) are not supported: log in with the G… account they belong to.';
    case 'contract':
      return 'Contract accounts (C…) cannot log in here yet: ask the operator for a token.';
    case 'seed':
    case undefined:
      return 'Give the account to log in: ?account=G….';
  }
}

function refusal(detail: string): GatewayError {
  return new GatewayError('bad_challenge', detail);
}
