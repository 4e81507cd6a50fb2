import { Keypair, nativeToScVal, SorobanDataBuilder, xdr } from '@stellar/stellar-sdk/base';
import { describe, expect, it } from 'vitest';
import { leaveCoSigned } from '../../src/cli/co-signed-exit.ts';
import { CliError } from '../../src/cli/exit-codes.ts';
import { units } from '../../src/money.ts';
import { buildExit, type ExitEnvelope, type ExitTerms } from '../../src/stellar/exit-envelope.ts';
import type { Rpc } from '../../src/stellar/rpc.ts';
import type { SignedTransaction } from '../../src/stellar/transactions.ts';

/** The command against a gateway that means no good: a person's key signs what was asked for, or nothing. */

const passphrase = 'Test network';
const owner = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(1));
const operator = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(2)).publicKey();
const thief = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(3)).publicKey();
const account = owner.publicKey();
const vault = 'CCW67TSZV3SSS2HXMBQ5JFGCKJNXKZM7UQUWUZPUTHXSTZLEO7SJMI75';
const otherVault = 'CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA';
const nowS = 1_800_000_000;

const terms: ExitTerms = { vault, account, to: account, amount: units(25_000_000) };

function envelope(
  rest: Partial<Omit<ExitEnvelope, 'operator'>> & { operator?: Partial<ExitEnvelope['operator']> } = {},
  wanted: Partial<ExitTerms> = {},
): string {
  const parts: ExitEnvelope = {
    sequence: 78n,
    feeStroops: 200_000,
    maxTimeS: nowS + 300,
    sorobanData: new SorobanDataBuilder().setResourceFee(150_000n).build(),
    ...rest,
    operator: {
      credentials: 'sorobanCredentialsAddress',
      address: operator,
      nonce: 1n,
      expiresLedger: 190,
      signature: nativeToScVal('signed'),
      ...rest.operator,
    },
  };
  return buildExit({ ...terms, ...wanted }, parts, passphrase);
}

function accountEntry(sequence: bigint, mediumThreshold: number): string {
  return xdr.LedgerEntryData.account(
    new xdr.AccountEntry({
      accountId: owner.xdrAccountId(),
      balance: 10n ** 9n,
      seqNum: sequence,
      numSubEntries: 0,
      inflationDest: null,
      flags: 0,
      homeDomain: '',
      thresholds: new Uint8Array([1, 0, mediumThreshold, 0]),
      signers: [],
      ext: xdr.AccountEntryExt.v0(),
    } as never),
  ).toXdr('base64');
}

function build(
  answer: unknown,
  chain: { sequence?: bigint; landed?: boolean; simulates?: boolean; mediumThreshold?: number } = {},
) {
  const sent: SignedTransaction[] = [];
  const span = { latestLedger: 100, oldestLedger: 1, latestClosedAtS: nowS };
  const landed = { ledger: 99, closedAtS: nowS, resultXdr: undefined, contractEventsXdr: undefined };
  const rpc = {
    passphrase,
    verifyNetwork: async () => undefined,
    latestLedger: async () => ({ ledger: 100, closedAtS: nowS }),
    entries: async ([keyXdr = '']) => ({
      latestLedger: 100,
      entries: [
        {
          keyXdr,
          dataXdr: accountEntry(chain.sequence ?? 77n, chain.mediumThreshold ?? 0),
          liveUntilLedger: undefined,
        },
      ],
    }),
    transaction: async () =>
      chain.landed ? { ...span, status: 'SUCCESS', ...landed } : { ...span, status: 'NOT_FOUND' },
    simulate: async () => (chain.simulates === false ? { ok: false, error: 'x' } : { ok: true }),
  } as unknown as Rpc;
  const submitter = {
    submit: () => Promise.reject(new Error('not asked')),
    async follow(transaction: SignedTransaction) {
      sent.push(transaction);
      const { hash } = transaction;
      return { status: 'landed' as const, hash, ledger: 101, closedAtS: nowS, contractEventsXdr: undefined };
    },
  };
  const leave = () =>
    leaveCoSigned({
      chain: { rpc, submitter, rpcUrl: 'http://rpc' },
      vault,
      key: { address: account, secret: owner.secret() },
      to: account,
      amount: terms.amount,
      ask: async () => {
        if (answer instanceof Error) throw answer;
        return { envelope: answer };
      },
      alone: 'go alone',
    });
  return { leave, sent };
}

describe('an honest envelope', () => {
  it('is signed by the owner and sent', async () => {
    const { leave, sent } = build(envelope());
    expect(await leave()).toMatchObject({ hash: sent[0]?.hash, ledger: 101 });
    const signed = xdr.TransactionEnvelope.fromXdr(sent[0]?.envelopeXdr ?? '', 'base64');
    expect(signed.type === 'envelopeTypeTx' && signed.v1.signatures).toHaveLength(1);
  });

  it('that has landed already, unseen by the gateway, is not sent again', async () => {
    const { leave, sent } = build(envelope(), { landed: true, sequence: 78n });
    expect(await leave()).toMatchObject({ ledger: 99 });
    expect(sent).toEqual([]);
  });
});

describe('an envelope of an earlier exit', () => {
  it('is not taken for this one, though it has landed', async () => {
    const { leave, sent } = build(envelope({ maxTimeS: nowS - 1 }), { landed: true, sequence: 78n });
    await expect(leave()).rejects.toThrow(/expired/);
    expect(sent).toEqual([]);
  });
});

describe('nothing is signed or sent', () => {
  it.each<[string, unknown, Parameters<typeof build>[1]?]>([
    ['when the money goes to another', envelope({}, { to: thief })],
    ['when it is another amount', envelope({}, { amount: units(24_000_000) })],
    ['when it is another vault', envelope({}, { vault: otherVault })],
    ['when it is another account', envelope({}, { account: thief })],
    ['when the fee is absurd', envelope({ feeStroops: 10_000_001 })],
    ['when it stays good for hours', envelope({ maxTimeS: nowS + 7_200 })],
    ['when it has ended', envelope({ maxTimeS: nowS })],
    ['when the operator’s part has ended', envelope({ operator: { expiresLedger: 100 } })],
    ['when the operator has not signed', envelope({ operator: { signature: xdr.ScVal.scvVoid() } })],
    ['when it is for a later time of the account', envelope({ sequence: 79n })],
    ['when it is for a number that is used up', envelope(), { sequence: 78n }],
    ['when the network would not carry it out', envelope(), { simulates: false }],
    ['when the key alone does not sign for the account', envelope(), { mediumThreshold: 2 }],
    ['when it is no envelope', 'AAAA'],
    ['when there is none', undefined],
    ['when the gateway refuses', new CliError('refused', 'answered 503')],
    ['when the gateway is gone', new CliError('unreachable', 'no answer')],
  ])('%s, and the way without it is told', async (_, answer, chain) => {
    const { leave, sent } = build(answer, chain);
    const error = await leave().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CliError);
    expect(error instanceof CliError && error.remedy).toContain('go alone');
    expect(sent).toEqual([]);
  });
});
