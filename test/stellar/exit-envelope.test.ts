import {
  Account,
  Keypair,
  Memo,
  Operation,
  SorobanDataBuilder,
  Transaction,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { contractCall } from '../../src/stellar/account-transactions.ts';
import { addressValue, i128Value } from '../../src/stellar/contract-values.ts';
import { buildExit, type ExitEnvelope, type ExitTerms, isSigned, readExit } from '../../src/stellar/exit-envelope.ts';

/** What a hostile gateway could hand to the owner of an account: only the very withdrawal that was asked for is taken. */

const passphrase = 'Test network';
const owner = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(1));
const operator = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(2)).publicKey();
const thief = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(3)).publicKey();
const account = owner.publicKey();
const vault = 'CCW67TSZV3SSS2HXMBQ5JFGCKJNXKZM7UQUWUZPUTHXSTZLEO7SJMI75';
const token = 'CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA';

const terms: ExitTerms = { vault, account, to: account, amount: units(50_000_000) };
const parts: ExitEnvelope = {
  sequence: 78n,
  feeStroops: 200_000,
  maxTimeS: 1_800_000_300,
  sorobanData: new SorobanDataBuilder().setResourceFee(150_000n).build(),
  operator: {
    credentials: 'sorobanCredentialsAddress',
    address: operator,
    nonce: 987_654_321n,
    expiresLedger: 190,
    signature: xdr.ScVal.scvVoid(),
  },
};
const good = buildExit(terms, parts, passphrase);

/** The good envelope with one thing changed in its decoded form. */
function changed(change: (tx: xdr.Transaction) => Partial<Record<keyof xdr.Transaction, unknown>>): string {
  const envelope = xdr.TransactionEnvelope.fromXdr(good, 'base64');
  if (envelope.type !== 'envelopeTypeTx') throw new Error('unexpected');
  const { tx, signatures } = envelope.v1;
  const { sourceAccount, fee, seqNum, cond, memo, operations, ext } = tx;
  const next = new xdr.Transaction({ sourceAccount, fee, seqNum, cond, memo, operations, ext, ...change(tx) } as never);
  return xdr.TransactionEnvelope.envelopeTypeTx(new xdr.TransactionV1Envelope({ tx: next, signatures })).toXdr(
    'base64',
  );
}

function withAuth(auth: (entries: xdr.SorobanAuthorizationEntry[]) => xdr.SorobanAuthorizationEntry[]): string {
  return changed((tx) => {
    const { body } = tx.operations[0] ?? {};
    if (body?.type !== 'invokeHostFunction') throw new Error('unexpected');
    const { hostFunction, auth: entries } = body.invokeHostFunctionOp;
    return { operations: [Operation.invokeHostFunction({ func: hostFunction, auth: auth(entries) })] };
  });
}

function theft(): xdr.SorobanAuthorizationEntry {
  const args = [addressValue(account), addressValue(thief), i128Value(1_000n)];
  const { body } = contractCall(token, 'transfer', args);
  if (body.type !== 'invokeHostFunction') throw new Error('unexpected');
  const call = body.invokeHostFunctionOp.hostFunction;
  if (call.type !== 'hostFunctionTypeInvokeContract') throw new Error('unexpected');
  return new xdr.SorobanAuthorizationEntry({
    credentials: xdr.SorobanCredentials.sorobanCredentialsSourceAccount(),
    rootInvocation: new xdr.SorobanAuthorizedInvocation({
      function: xdr.SorobanAuthorizedFunction.sorobanAuthorizedFunctionTypeContractFn(call.invokeContract),
      subInvocations: [],
    }),
  });
}

function belowEach(entry: xdr.SorobanAuthorizationEntry): xdr.SorobanAuthorizationEntry {
  return new xdr.SorobanAuthorizationEntry({
    credentials: entry.credentials,
    rootInvocation: new xdr.SorobanAuthorizedInvocation({
      function: entry.rootInvocation.function,
      subInvocations: [theft().rootInvocation],
    }),
  });
}

const payment = Operation.bumpSequence({ bumpTo: '9999' });

describe('an envelope is taken', () => {
  it('when it does what was asked for, and shows its free parts', () => {
    const read = readExit(good, terms, passphrase);
    expect(read).toMatchObject({ ok: true, exit: { sequence: 78n, feeStroops: 200_000, maxTimeS: 1_800_000_300 } });
    expect(read.ok && read.exit.operator).toMatchObject({ address: operator, expiresLedger: 190, nonce: 987_654_321n });
    expect(read.ok && isSigned(read.exit)).toBe(false);
    expect(read.ok && read.hash).toBe(Buffer.from(new Transaction(good, passphrase).hash()).toString('hex'));
  });
});

describe('an envelope is refused', () => {
  it.each<[string, Partial<ExitTerms>]>([
    ['pays another', { to: thief }],
    ['takes another amount', { amount: units(50_000_001) }],
    ['is of another account', { account: thief }],
    ['is of another vault', { vault: token }],
  ])('that %s', (_, asked) => {
    expect(readExit(good, { ...terms, ...asked }, passphrase).ok).toBe(false);
  });

  it.each<[string, () => string]>([
    ['has a second operation', () => changed(({ operations }) => ({ operations: [...operations, payment] }))],
    ['has another operation', () => changed(() => ({ operations: [payment] }))],
    ['has no operation', () => changed(() => ({ operations: [] }))],
    [
      'calls another function',
      () => {
        const args = [addressValue(account), addressValue(account), i128Value(50_000_000n)];
        return changed(() => ({ operations: [contractCall(vault, 'withdraw', args)] }));
      },
    ],
    ['carries a memo', () => changed(() => ({ memo: Memo.text('hello').toXDRObject() }))],
    ['has no end', () => changed(() => ({ cond: xdr.Preconditions.precondNone() }))],
    ['has no resources', () => changed(() => ({ ext: xdr.TransactionExt.v0() }))],
    ['asks the account for more than this', () => withAuth((entries) => [...entries, theft()])],
    ['asks the account for something below this', () => withAuth((entries) => entries.map(belowEach))],
    ['lacks the operator', () => withAuth(([own]) => (own ? [own] : []))],
    ['lacks the account', () => withAuth(([, other]) => (other ? [other] : []))],
    ['has the operator twice', () => withAuth(([own, other]) => (own && other ? [own, other, other] : []))],
    [
      'is signed by somebody already',
      () => {
        const transaction = new Transaction(good, passphrase);
        transaction.sign(owner);
        return transaction.toXdr();
      },
    ],
    [
      'is wrapped in a fee bump',
      () => TransactionBuilder.buildFeeBumpTransaction(thief, '400000', signedGood(), passphrase).toXdr(),
    ],
    [
      'is a classic payment',
      () =>
        new TransactionBuilder(new Account(account, '77'), { fee: '100', networkPassphrase: passphrase })
          .addOperation(payment)
          .setTimeout(60)
          .build()
          .toXdr(),
    ],
    ['is no XDR', () => 'AAAA'],
    ['is no base64', () => '***'],
    [
      'has bytes after its end',
      () => `${Buffer.from(`${Buffer.from(good, 'base64').toString('binary')}x`, 'binary').toString('base64')}`,
    ],
  ])('that %s', (_, make) => {
    expect(readExit(make(), terms, passphrase)).toMatchObject({ ok: false });
  });

  it('whatever byte of it is changed, unless only a free part has changed', () => {
    const bytes = Buffer.from(good, 'base64');
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ mask;
        const read = readExit(other.toString('base64'), terms, passphrase);
        if (read.ok) expect(buildExit(terms, read.exit, passphrase)).toBe(other.toString('base64'));
      }),
      { numRuns: 2_000 },
    );
  });
});

function signedGood(): Transaction {
  const transaction = new Transaction(good, passphrase);
  transaction.sign(owner);
  return transaction;
}
