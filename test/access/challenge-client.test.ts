import { Account, Keypair, Operation, TransactionBuilder } from '@stellar/stellar-sdk/base';
import { describe, expect, it } from 'vitest';
import { type ChallengeToSign, signChallenge } from '../../src/access/challenge-client.ts';
import { buildChallenge } from '../../src/access/login-challenge.ts';
import { createWalletLogin } from '../../src/access/wallet-login.ts';
import { fakeClock } from '../../src/clock.ts';

const server = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 1));
const wallet = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 2));
const passphrase = 'Test SDF Network ; September 2015';
const nowS = 1_800_000_000;
const terms = { server, homeDomain: 'api.example.com', webAuthDomain: 'api.example.com:8402', passphrase };

function toSign(change: Partial<ChallengeToSign> = {}): ChallengeToSign {
  return {
    transaction: buildChallenge(terms, wallet.publicKey(), nowS),
    secret: wallet.secret(),
    passphrase,
    serverKey: server.publicKey(),
    domains: ['api.example.com', 'api.example.com:8402'],
    nowS,
    ...change,
  };
}

describe('a challenge', () => {
  it('of the gateway is signed, and the gateway takes it', async () => {
    const signed = signChallenge(toSign());
    const login = createWalletLogin({
      serverKeypairSecret: server.secret(),
      homeDomain: terms.homeDomain,
      webAuthDomain: terms.webAuthDomain,
      passphrase,
      clock: fakeClock(nowS * 1000),
      accountSigners: async () => undefined,
      useOnce: () => true,
      issue: async () => ({ token: 'a.b.c', expiresAtMs: 0 }),
    });
    expect(await login.answer({ transaction: signed.ok ? signed.transaction : '' })).toMatchObject({ token: 'a.b.c' });
  });

  it.each<[string, Partial<ChallengeToSign>]>([
    ['another key', { serverKey: wallet.publicKey() }],
    ['not signed', { passphrase: 'Public Global Stellar Network ; September 2015' }],
    ['another account', { secret: Keypair.random().secret() }],
    ['not for now', { nowS: nowS + 2_000 }],
    ['not for now', { nowS: nowS - 2_000 }],
    ['not for other.example', { domains: ['other.example'] }],
    ['answered by', { domains: ['api.example.com'] }],
    ['no plain|not a plain', { transaction: 'AAAA' }],
  ])('is not signed when it is wrong: %s', (reason, change) => {
    const signed = signChallenge(toSign(change));
    expect(signed.ok ? '' : signed.detail).toMatch(new RegExp(reason));
  });

  it('that could run as a transaction is not signed', () => {
    expect(signChallenge(toSign({ transaction: withSecond('41', serverEntry) }))).toEqual({
      ok: false,
      detail: 'the challenge has a sequence number: it could run as a transaction',
    });
  });

  it.each([
    Operation.bumpSequence({ bumpTo: '9', source: server.publicKey() }),
    Operation.manageData({ name: 'web_auth_domain', value: 'api.example.com', source: wallet.publicKey() }),
  ])('with an operation that is no part of a login is not signed', (operation) => {
    expect(signChallenge(toSign({ transaction: withSecond('-1', operation) }))).toEqual({
      ok: false,
      detail: 'the challenge holds an operation that is no part of a login',
    });
  });
});

const serverEntry = Operation.manageData({
  name: 'web_auth_domain',
  value: 'api.example.com',
  source: server.publicKey(),
});

/** A transaction signed by the server that begins like a login. */
function withSecond(sequence: string, operation: typeof serverEntry): string {
  const transaction = new TransactionBuilder(new Account(server.publicKey(), sequence), {
    fee: '100',
    networkPassphrase: passphrase,
    timebounds: { minTime: nowS, maxTime: nowS + 900 },
  })
    .addOperation(Operation.manageData({ name: 'api.example.com auth', value: 'x', source: wallet.publicKey() }))
    .addOperation(operation)
    .build();
  transaction.sign(server);
  return transaction.toEnvelope().toXdr('base64');
}
