import { WebAuth } from '@stellar/stellar-sdk';
import {
  Account,
  BASE_FEE,
  Keypair,
  Memo,
  Operation,
  StrKey,
  Transaction,
  TransactionBuilder,
} from '@stellar/stellar-sdk/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccountSigners } from '../../src/access/login-signers.ts';
import { createWalletLogin } from '../../src/access/wallet-login.ts';
import { fakeClock, systemClock } from '../../src/clock.ts';
import { GatewayError } from '../../src/errors.ts';
import { contract, account as otherAccount } from './fixture.ts';

const passphrase = 'Test SDF Network ; September 2015';
const homeDomain = 'api.example';
const webAuthDomain = 'api.example:8402';
const server = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(1));
const client = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(2));
const cosigner = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(3));
const stranger = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(4));

type Setup = { signers?: AccountSigners | undefined | Error; clock?: typeof systemClock };

function build({ signers, clock = fakeClock() }: Setup = {}) {
  const used = new Set<string>();
  const issued: string[] = [];
  const asked: string[] = [];
  const login = createWalletLogin({
    serverKeypairSecret: server.secret(),
    homeDomain,
    webAuthDomain,
    passphrase,
    clock,
    accountSigners: async (address) => {
      asked.push(address);
      if (signers instanceof Error) throw signers;
      return signers;
    },
    useOnce: (hash) => !used.has(hash) && used.add(hash) !== undefined,
    issue: async (account) => {
      issued.push(account);
      return { token: `token of ${account}`, expiresAtMs: 1 };
    },
  });
  const challenge = async () => (await login.challenge({ account: client.publicKey() })).transaction;
  return { login, challenge, clock, issued, asked, used };
}

function signed(transaction: string, ...keys: Keypair[]): string {
  const parsed = new Transaction(transaction, passphrase);
  for (const key of keys) parsed.sign(key);
  return parsed.toEnvelope().toXdr('base64');
}

async function refusalOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GatewayError);
  return error instanceof GatewayError ? `${error.code}: ${error.detail}` : '';
}

/** A challenge by hand, signed by the server and the client, so that one rule can be broken at a time. */
function handmade(nowS: number, broken: Partial<Record<string, unknown>> = {}): string {
  const given = <T>(name: string, good: T): T => (name in broken ? (broken[name] as T) : good);
  const source = given('source', server);
  const builder = new TransactionBuilder(new Account(source.publicKey(), given('sequence', '-1')), {
    fee: given('fee', BASE_FEE),
    networkPassphrase: given('passphrase', passphrase),
    timebounds: { minTime: given('minTime', nowS), maxTime: given('maxTime', nowS + 900) },
  });
  const value = given('value', Buffer.alloc(48, 7).toString('base64'));
  const name = given('name', `${homeDomain} auth`);
  builder.addOperation(given('first', Operation.manageData({ name, value, source: client.publicKey() })));
  const domain = given<string | undefined>('webAuthDomain', webAuthDomain);
  if (domain !== undefined) {
    builder.addOperation(
      Operation.manageData({
        name: 'web_auth_domain',
        value: domain,
        source: given('domainSource', server).publicKey(),
      }),
    );
  }
  const extra = given<Parameters<TransactionBuilder['addOperation']>[0] | undefined>('extra', undefined);
  if (extra) builder.addOperation(extra);
  const memo = given<Memo | undefined>('memo', undefined);
  if (memo) builder.addMemo(memo);
  const transaction = builder.build();
  transaction.sign(...given('keys', [server, client]));
  return transaction.toEnvelope().toXdr('base64');
}

describe('a challenge', () => {
  it('is what SEP-10 describes, and nothing that could run', async () => {
    const { login, clock } = build();
    const answer = await login.challenge({ account: client.publicKey(), home_domain: homeDomain });
    expect(Object.keys(answer)).toEqual(['transaction', 'network_passphrase']);
    expect(answer.network_passphrase).toBe(passphrase);
    const parsed = new Transaction(answer.transaction, passphrase);
    const now = String(clock.nowMs() / 1_000);
    expect(parsed.sequence).toBe('0');
    expect(parsed.source).toBe(server.publicKey());
    expect(parsed.timeBounds).toEqual({ minTime: now, maxTime: String(Number(now) + 900) });
    expect(parsed.signatures).toHaveLength(1);
    expect(parsed.operations.map((operation) => operation.source)).toEqual([client.publicKey(), server.publicKey()]);
  });

  it('is accepted by the SDK that wallets use, before and after signing', async () => {
    const { login } = build({ clock: systemClock });
    const { transaction } = await login.challenge({ account: client.publicKey() });
    const read = WebAuth.readChallengeTx(transaction, server.publicKey(), passphrase, homeDomain, webAuthDomain);
    expect(read.tx.operations[0]?.source).toBe(client.publicKey());
    const both = signed(transaction, client);
    const key = client.publicKey();
    expect(
      WebAuth.verifyChallengeTxSigners(both, server.publicKey(), passphrase, [key], homeDomain, webAuthDomain),
    ).toEqual([key]);
  });

  it('is new every time', async () => {
    const { challenge } = build();
    expect(await challenge()).not.toBe(await challenge());
  });

  it.each([
    ['no account', {}, 'Give the account'],
    ['a mistyped account', { account: client.publicKey().slice(0, -1) }, 'Give the account'],
    ['__proto__', { account: '__proto__' }, 'Give the account'],
    ['a contract account', { account: contract }, 'Contract accounts'],
    ['the gateway itself', { account: server.publicKey() }, 'itself'],
    ['a memo', { account: otherAccount, memo: '1' }, 'Memos are not supported'],
    ['another home domain', { account: otherAccount, home_domain: 'other.example' }, 'home domain'],
    ['a seed', { account: client.secret() }, 'Give the account'],
  ])('is refused for %s', async (_, query, message) => {
    const refusal = await refusalOf(build().login.challenge(query));
    expect(refusal).toContain('bad_challenge');
    expect(refusal).toContain(message);
    expect(refusal).not.toContain(client.secret());
  });

  it('is refused for a muxed account, which names the account to use', async () => {
    const muxed = StrKey.encodeMed25519PublicKey(
      Buffer.concat([Buffer.from(client.rawPublicKey()), Buffer.alloc(8, 1)]),
    );
    expect(await refusalOf(build().login.challenge({ account: muxed }))).toContain('Muxed accounts');
  });
});

describe('a login', () => {
  const good: [string, Setup, Keypair[]][] = [
    ['of an account that does not exist yet, by its master key', {}, [client]],
    [
      'of a plain account',
      { signers: { mediumThreshold: 0, signers: [{ key: client.publicKey(), weight: 1 }] } },
      [client],
    ],
    [
      'of two signers who reach the medium threshold together',
      {
        signers: {
          mediumThreshold: 3,
          signers: [
            { key: client.publicKey(), weight: 1 },
            { key: cosigner.publicKey(), weight: 2 },
          ],
        },
      },
      [cosigner, client],
    ],
    [
      'of a signer alone whose account has no master key any more',
      {
        signers: {
          mediumThreshold: 2,
          signers: [
            { key: client.publicKey(), weight: 0 },
            { key: cosigner.publicKey(), weight: 2 },
            { key: 'XBU2RRGLXH3E5CQHTD3ODLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWGTOG', weight: 9 },
          ],
        },
      },
      [cosigner],
    ],
  ];

  it.each(good)('is accepted %s, once', async (_, setup, keys) => {
    const { login, challenge, issued } = build(setup);
    const transaction = signed(await challenge(), ...keys);
    expect(await login.answer({ transaction })).toEqual({
      token: `token of ${client.publicKey()}`,
      account: client.publicKey(),
      expiresAtMs: 1,
    });
    expect(await refusalOf(login.answer({ transaction }))).toContain('used before');
    expect(issued).toEqual([client.publicKey()]);
  });

  it('is used up by a session as well as by a token', async () => {
    const { login, challenge, issued } = build();
    const transaction = signed(await challenge(), client);
    expect(await login.prove({ transaction })).toBe(client.publicKey());
    expect(await refusalOf(login.answer({ transaction }))).toContain('used before');
    expect(issued).toEqual([]);
  });

  it('is accepted once when it comes twice at the same time', async () => {
    const { login, challenge, issued } = build();
    const transaction = signed(await challenge(), client);
    const results = await Promise.allSettled([login.answer({ transaction }), login.answer({ transaction })]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(issued).toHaveLength(1);
  });

  it('is not possible with the same challenge and other signatures', async () => {
    const { login, challenge } = build({
      signers: {
        mediumThreshold: 1,
        signers: [
          { key: client.publicKey(), weight: 1 },
          { key: cosigner.publicKey(), weight: 1 },
        ],
      },
    });
    const transaction = await challenge();
    await login.answer({ transaction: signed(transaction, client) });
    expect(await refusalOf(login.answer({ transaction: signed(transaction, cosigner) }))).toContain('used before');
  });

  const two = {
    mediumThreshold: 2,
    signers: [
      { key: client.publicKey(), weight: 1 },
      { key: cosigner.publicKey(), weight: 1 },
      { key: server.publicKey(), weight: 5 },
    ],
  };
  const bad: [string, Setup, Keypair[], string][] = [
    ['no wallet signature', {}, [], 'not signed by the wallet'],
    ['a stranger', {}, [stranger], 'not by a signer'],
    ['a stranger beside the wallet', {}, [client, stranger], 'not by a signer'],
    ['the wallet twice', {}, [client, client], 'there twice'],
    ['the gateway twice', {}, [server], 'there twice'],
    ['a signer of an account that does not exist', {}, [cosigner], 'not by a signer'],
    ['too little weight', { signers: two }, [client], 'medium threshold'],
    ['too little weight but for the gateway, a signer too', { signers: two }, [client], 'medium threshold'],
    [
      'weight 0 and threshold 0',
      { signers: { mediumThreshold: 0, signers: [{ key: client.publicKey(), weight: 0 }] } },
      [client],
      'medium threshold',
    ],
    ['a master key that is no signer', { signers: { mediumThreshold: 0, signers: [] } }, [client], 'not by a signer'],
  ];

  it.each(bad)('is refused with %s', async (_, setup, keys, message) => {
    const { login, challenge, used, issued } = build(setup);
    const refusal = await refusalOf(login.answer({ transaction: signed(await challenge(), ...keys) }));
    expect(refusal).toContain('bad_challenge');
    expect(refusal).toContain(message);
    expect([used.size, issued.length]).toEqual([0, 0]);
  });

  it('is refused with a hint that lies', async () => {
    const { login, challenge } = build();
    const transaction = await challenge();
    const lying = new Transaction(signed(transaction, client), passphrase);
    const bytes = Buffer.from(lying.toEnvelope().toXdr('base64'), 'base64');
    const hint = Buffer.from(client.signatureHint());
    bytes.set(Buffer.from(stranger.signatureHint()), bytes.lastIndexOf(hint));
    expect(await refusalOf(login.answer({ transaction: bytes.toString('base64') }))).toContain('not by a signer');
  });

  it('is open exactly from the lower to the upper time bound, without grace', async () => {
    const { login, clock } = build();
    const nowS = clock.nowMs() / 1_000;
    const at = (minTime: number) => login.answer({ transaction: handmade(nowS, { minTime, maxTime: minTime + 900 }) });
    await expect(at(nowS)).resolves.toBeDefined();
    await expect(at(nowS - 900)).resolves.toBeDefined();
    expect(await refusalOf(at(nowS + 1))).toContain('expired');
    expect(await refusalOf(at(nowS - 901))).toContain('expired');
  });

  it('remembers a used challenge for as long as it could be sent again', async () => {
    const { challenge, clock } = build();
    let until = 0;
    const login = createWalletLogin({
      serverKeypairSecret: server.secret(),
      homeDomain,
      webAuthDomain,
      passphrase,
      clock,
      accountSigners: async () => undefined,
      useOnce: (_, expiresAtMs) => {
        until = expiresAtMs;
        return true;
      },
      issue: async () => ({ token: 't', expiresAtMs: 1 }),
    });
    await login.answer({ transaction: signed(await challenge(), client) });
    expect(until).toBeGreaterThan(clock.nowMs() + 900_000);
  });

  it('says that the network cannot be asked, and uses nothing up', async () => {
    const { login, challenge, used } = build({ signers: new Error('no network') });
    expect(await refusalOf(login.answer({ transaction: signed(await challenge(), client) }))).toContain(
      'chain_unavailable',
    );
    expect(used.size).toBe(0);
  });
});

describe('one broken rule', () => {
  const clock = fakeClock();
  const nowS = clock.nowMs() / 1_000;
  const manage = (name: string, source: Keypair, value: string | null = 'x') =>
    Operation.manageData({ name, value, source: source.publicKey() });
  const noTime = { minTime: 0, maxTime: 0 };
  const rules: [string, Partial<Record<string, unknown>>][] = [
    ['a sequence that could run', { sequence: '0' }],
    ['another source', { source: stranger, domainSource: stranger, keys: [server, client] }],
    ['another network', { passphrase: 'Other Network ; 1' }],
    ['another home domain', { name: 'other.example auth' }],
    ['a home domain with another ending', { name: `${homeDomain} login` }],
    ['no web_auth_domain', { webAuthDomain: undefined }],
    ['another web_auth_domain', { webAuthDomain: 'other.example' }],
    ['a web_auth_domain by the client', { domainSource: client }],
    ['an operation more', { extra: manage('x', server) }],
    ['a client_domain', { extra: manage('client_domain', stranger), keys: [server, client, stranger] }],
    ['a payment', { extra: Operation.bumpSequence({ bumpTo: '1', source: server.publicKey() }) }],
    [
      'a first operation that is something else',
      { first: Operation.bumpSequence({ bumpTo: '1', source: client.publicKey() }) },
    ],
    ['a first operation that deletes', { first: manage(`${homeDomain} auth`, client, null) }],
    ['a first operation without a source', { first: Operation.manageData({ name: `${homeDomain} auth`, value: 'x' }) }],
    [
      'a login of the gateway itself',
      { first: manage(`${homeDomain} auth`, server, Buffer.alloc(48).toString('base64')) },
    ],
    ['a short nonce', { value: Buffer.alloc(47).toString('base64') }],
    ['a nonce that is not base64', { value: '!'.repeat(64) }],
    ['a memo', { memo: Memo.id('1') }],
    ['a memo text', { memo: Memo.text('x') }],
    ['no end', { maxTime: 0 }],
    ['no time bounds', noTime],
    ['a longer life', { maxTime: nowS + 901 }],
    ['another fee', { fee: '200' }],
    ['no signature of the gateway', { keys: [client] }],
    ["a stranger's signature for the gateway's", { keys: [stranger, client] }],
  ];

  it('leaves the handmade challenge good when none is broken', async () => {
    await expect(build({ clock }).login.answer({ transaction: handmade(nowS) })).resolves.toBeDefined();
  });

  it.each(rules)('refuses %s', async (_, broken) => {
    const { login, issued } = build({ clock });
    expect(await refusalOf(login.answer({ transaction: handmade(nowS, broken) }))).toContain('bad_challenge');
    expect(issued).toEqual([]);
  });

  it('asks the network about nobody unless both the gateway and a wallet have signed', async () => {
    const { login, asked } = build({ clock });
    for (const keys of [[client], [stranger, client], [server]]) {
      await refusalOf(login.answer({ transaction: handmade(nowS, { keys }) }));
    }
    expect(asked).toEqual([]);
    await login.answer({ transaction: handmade(nowS) });
    expect(asked).toEqual([client.publicKey()]);
  });

  it('refuses a fee-bump around a good challenge', async () => {
    const inner = new Transaction(handmade(nowS), passphrase);
    const bump = TransactionBuilder.buildFeeBumpTransaction(stranger, '1000', inner, passphrase);
    bump.sign(stranger);
    expect(
      await refusalOf(build({ clock }).login.answer({ transaction: bump.toEnvelope().toXdr('base64') })),
    ).toContain('plain transaction');
  });

  it.each([
    ['spaces', (text: string) => ` ${text}`],
    ['a line break', (text: string) => `${text.slice(0, 64)}\n${text.slice(64)}`],
    ['base64url', (text: string) => `${text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}=`],
    [
      'bytes behind it',
      (text: string) => Buffer.concat([Buffer.from(text, 'base64'), Buffer.alloc(4)]).toString('base64'),
    ],
    ['bytes missing', (text: string) => Buffer.from(text, 'base64').subarray(0, -4).toString('base64')],
    ['a hundred kilobytes', (text: string) => text.padEnd(100_000, 'A')],
  ])('refuses a good challenge with %s', async (_, spell) => {
    expect(await refusalOf(build({ clock }).login.answer({ transaction: spell(handmade(nowS)) }))).toContain(
      'bad_challenge',
    );
  });

  it.each([[{}], [{ transaction: 1 }], [{ transaction: ['AAAA'] }], [{ transaction: null }]])(
    'refuses the body %j',
    async (body) => {
      expect(await refusalOf(build({ clock }).login.answer(body))).toContain('Send one field');
    },
  );

  it('refuses any text without failing', async () => {
    const { login } = build({ clock });
    const base64 = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), base64), async (transaction) => {
        expect(await refusalOf(login.answer({ transaction }))).toContain('bad_challenge');
      }),
    );
  });

  it('refuses a good challenge with any byte changed', async () => {
    const { login } = build({ clock });
    const bytes = Buffer.from(handmade(nowS), 'base64');
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(await refusalOf(login.answer({ transaction: changed.toString('base64') }))).toContain('bad_challenge');
      }),
    );
  });
});
