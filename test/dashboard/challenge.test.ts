import { Account, Asset, Keypair, Memo, Operation, TransactionBuilder } from '@stellar/stellar-sdk/base';
import { describe, expect, it } from 'vitest';
import { buildChallenge } from '../../src/access/login-challenge.ts';
import { challengeFault } from '../../src/dashboard/consumer/challenge.ts';

const server = Keypair.random();
const client = Keypair.random();
const nowS = 1_800_000_000;
const passphrase = 'Test SDF Network ; September 2015';
const ours = { server, homeDomain: 'api.example', webAuthDomain: 'api.example', passphrase };
const terms = { account: client.publicKey(), serverKey: server.publicKey(), hosts: ['api.example'], nowS };

type Parts = Partial<{
  sequence: string;
  source: string;
  memo: Memo;
  operations: ReturnType<typeof Operation.payment>[];
}>;

/** A challenge by hand, to be wrong in one way. */
function made({ sequence = '-1', source = server.publicKey(), memo = Memo.none(), operations }: Parts): string {
  const builder = new TransactionBuilder(new Account(source, sequence), {
    fee: '100',
    networkPassphrase: passphrase,
    timebounds: { minTime: nowS, maxTime: nowS + 900 },
    memo,
  });
  const usual = [
    Operation.manageData({ name: 'api.example auth', value: 'x'.repeat(64), source: client.publicKey() }),
    Operation.manageData({ name: 'web_auth_domain', value: 'api.example', source: server.publicKey() }),
  ];
  for (const operation of operations ?? usual) builder.addOperation(operation);
  return builder.build().toEnvelope().toXdr('base64');
}

const auth = (name: string, source = client.publicKey()) => Operation.manageData({ name, value: 'x', source });

describe('a login challenge in the browser', () => {
  it('of this gateway is good to sign, also when it carries signatures', () => {
    expect(challengeFault(buildChallenge(ours, client.publicKey(), nowS), terms)).toBeUndefined();
    expect(challengeFault(made({}), terms)).toBeUndefined();
  });

  it.each([
    ['could run', made({ sequence: '41' }), 'sequence number'],
    ['comes from another key', made({ source: Keypair.random().publicKey() }), 'another key'],
    [
      'pays somebody',
      made({
        operations: [
          Operation.payment({
            destination: server.publicKey(),
            asset: Asset.native(),
            amount: '1',
            source: client.publicKey(),
          }),
        ],
      }),
      'no login challenge',
    ],
    [
      'also pays somebody',
      made({
        operations: [
          auth('api.example auth'),
          Operation.payment({
            destination: server.publicKey(),
            asset: Asset.native(),
            amount: '1',
            source: client.publicKey(),
          }),
        ],
      }),
      'no login challenge',
    ],
    [
      'also changes data of the account',
      made({ operations: [auth('api.example auth'), auth('other')] }),
      'no part of a login',
    ],
    ['has a memo', made({ memo: Memo.text('hello') }), 'no login challenge'],
    ['is for another host', made({ operations: [auth('evil.example auth')] }), 'evil.example'],
    ['is for no host', made({ operations: [auth('api.example')] }), 'no name'],
    [
      'is answered elsewhere',
      made({
        operations: [
          auth('api.example auth'),
          Operation.manageData({ name: 'web_auth_domain', value: 'evil.example', source: server.publicKey() }),
        ],
      }),
      'evil.example',
    ],
    [
      'is for another account',
      made({ operations: [auth('api.example auth', Keypair.random().publicKey())] }),
      'another account',
    ],
    ['has no operation', made({ operations: [auth('x')] }).slice(0, 40), 'no login challenge'],
    ['is no base64', '<script>', 'no login challenge'],
    ['is empty', '', 'no login challenge'],
    [
      'has something behind it',
      Buffer.concat([Buffer.from(made({}), 'base64'), Buffer.alloc(4)]).toString('base64'),
      'no login challenge',
    ],
  ])('is refused when it %s', (_what, xdr, words) => {
    expect(challengeFault(xdr, terms)).toContain(words);
  });

  it('is refused before its time and after it', () => {
    const xdr = made({});
    expect(challengeFault(xdr, { ...terms, nowS: nowS - 301 })).toContain('not for now');
    expect(challengeFault(xdr, { ...terms, nowS: nowS + 900 + 301 })).toContain('not for now');
  });

  it('is refused whatever bit is turned in what decides what is signed', () => {
    const good = Buffer.from(made({}), 'base64');
    const nonce = good.indexOf('x'.repeat(64));
    const name = good.indexOf('web_auth_domain');
    // What differs from challenge to challenge, and the name of an entry of the gateway's own, which signs nothing away.
    const free = [
      [40, 44],
      [56, 72],
      [nonce, nonce + 64],
      [name, name + 15],
    ];
    for (let bit = 0; bit < good.length * 8; bit++) {
      const byte = bit >> 3;
      if (free.some(([from = 0, to = 0]) => byte >= from && byte < to)) continue;
      const bad = Buffer.from(good);
      bad[byte] = (bad[byte] ?? 0) ^ (1 << (bit & 7));
      expect(challengeFault(bad.toString('base64'), terms), `bit ${bit}`).toBeDefined();
    }
  });
});
