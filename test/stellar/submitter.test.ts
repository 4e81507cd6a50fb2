import { Asset, Keypair, Operation, TransactionBuilder, xdr } from '@stellar/stellar-sdk/base';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { RpcError } from '../../src/stellar/json-rpc.ts';
import type { Rpc } from '../../src/stellar/rpc.ts';
import type { SendAnswer, TransactionAnswer } from '../../src/stellar/rpc-answers.ts';
import { createSubmitter, type SubmitOutcome } from '../../src/stellar/submitter.ts';
import type { SignedTransaction } from '../../src/stellar/transactions.ts';

const source = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(5));
const operation = Operation.changeTrust({ asset: new Asset('USDC', source.publicKey()) });
const passphrase = 'Scripted network';

type Reply<T> = T | Error;

/** Answers in order, the last for ever. Every look at the chain takes `secondsPerLook` of chain time. */
function createRig(script: {
  sends: Reply<SendAnswer['status']>[];
  looks: Reply<'SUCCESS' | 'FAILED' | 'NOT_FOUND'>[];
  secondsPerLook?: number;
}) {
  const clock = fakeClock();
  const sent: string[] = [];
  let closedAtS = 1_000;
  let looks = 0;
  const next = <T>(list: Reply<T>[], count: number): T => {
    const reply = list[Math.min(count, list.length - 1)];
    if (reply instanceof Error || reply === undefined) throw reply;
    return reply;
  };
  const rpc: Rpc = {
    passphrase,
    verifyNetwork: async () => undefined,
    health: async () => ({ latestLedger: 10, oldestLedger: 1 }),
    latestLedger: async () => ({ ledger: 10, closedAtS }),
    events: () => Promise.reject(new Error('not asked')),
    simulate: () => Promise.reject(new Error('not asked')),
    inclusionFeeStroops: async () => 5_000,
    entries: async ([keyXdr = '']) => ({
      latestLedger: 10,
      entries: [{ keyXdr, dataXdr: accountXdr(), liveUntilLedger: undefined }],
    }),
    async send(envelope) {
      sent.push(envelope);
      return { status: next(script.sends, sent.length - 1), hash: '', latestLedger: 10, errorResultXdr: undefined };
    },
    async transaction(): Promise<TransactionAnswer> {
      closedAtS += script.secondsPerLook ?? 5;
      const status = next(script.looks, looks++);
      const base = { latestLedger: 10, oldestLedger: 1, latestClosedAtS: closedAtS };
      if (status === 'NOT_FOUND') return { ...base, status };
      const told = { resultXdr: undefined, contractEventsXdr: undefined };
      return { ...base, status, ledger: 10, closedAtS, ...told };
    },
  };
  const signed: SignedTransaction[] = [];
  async function submit(): Promise<SubmitOutcome> {
    let outcome: SubmitOutcome | Error | undefined;
    createSubmitter({ rpc, clock, feeMaxStroops: 2_000 })
      .submit({ operation, secret: source.secret(), onSigned: (transaction) => void signed.push(transaction) })
      .then(
        (result) => {
          outcome = result;
        },
        (error: Error) => {
          outcome = error;
        },
      );
    for (let step = 0; step < 2_000 && outcome === undefined; step++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1_000);
    }
    if (outcome instanceof Error) throw outcome;
    if (!outcome) throw new Error('no outcome');
    return outcome;
  }
  return { submit, sent, signed };
}

function accountXdr(): string {
  return xdr.LedgerEntryData.account(
    new xdr.AccountEntry({
      accountId: source.xdrAccountId(),
      balance: 1n,
      seqNum: 41n,
      numSubEntries: 0,
      inflationDest: null,
      flags: 0,
      homeDomain: '',
      thresholds: new Uint8Array([1, 0, 0, 0]),
      signers: [],
      ext: xdr.AccountEntryExt.v0(),
    }),
  ).toXdr('base64');
}

const lost = new RpcError('transport', 'socket hang up');

describe('a one-off transaction', () => {
  it('carries the next sequence number, a bid below the cap, and an end ninety seconds ahead on chain', async () => {
    const rig = createRig({ sends: ['PENDING'], looks: ['NOT_FOUND', 'SUCCESS'] });
    expect(await rig.submit()).toMatchObject({ status: 'landed', ledger: 10 });
    const transaction = TransactionBuilder.fromXdr(rig.sent[0] ?? '', passphrase);
    expect(transaction).toMatchObject({ sequence: '42', fee: '2000', timeBounds: { minTime: '0', maxTime: '1090' } });
    expect(rig.signed[0]?.envelopeXdr).toBe(rig.sent[0]);
  });

  it.each<[string, Parameters<typeof createRig>[0]['sends']]>([
    ['the reply is lost', [lost, 'DUPLICATE']],
    ['the network is busy', ['TRY_AGAIN_LATER', 'TRY_AGAIN_LATER', 'PENDING']],
    ['the network objects to bytes that have landed', ['PENDING', 'ERROR']],
  ])('is sent again as the same bytes when %s', async (_, sends) => {
    const rig = createRig({ sends, looks: [...Array(9).fill('NOT_FOUND'), 'SUCCESS'] });
    expect(await rig.submit()).toMatchObject({ status: 'landed' });
    expect(new Set(rig.sent).size).toBe(1);
    expect(rig.sent.length).toBeGreaterThan(1);
  });

  it('is looked for again while the server cannot be reached', async () => {
    const rig = createRig({ sends: ['PENDING'], looks: [lost, lost, lost, 'SUCCESS'] });
    expect(await rig.submit()).toMatchObject({ status: 'landed' });
  });

  it('that failed on chain is told as failed', async () => {
    expect(await createRig({ sends: ['PENDING'], looks: ['FAILED'] }).submit()).toMatchObject({ status: 'failed' });
  });

  it('is given up only when seen absent twice after its end', async () => {
    const rig = createRig({
      sends: ['TRY_AGAIN_LATER'],
      looks: ['NOT_FOUND', 'NOT_FOUND', 'SUCCESS'],
      secondsPerLook: 60,
    });
    expect(await rig.submit()).toMatchObject({ status: 'landed' });
    const gone = createRig({ sends: ['ERROR'], looks: ['NOT_FOUND'], secondsPerLook: 60 });
    expect(await gone.submit()).toMatchObject({ status: 'expired' });
  });
});
