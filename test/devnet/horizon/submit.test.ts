import {
  Account,
  Asset,
  BadResponseError,
  Keypair,
  NotFoundError,
  Operation,
  scValToNative,
  type Transaction,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fakeClock } from '../../../src/clock.ts';
import { resultCodes } from '../../../src/devnet/horizon/result-codes.ts';
import { type HorizonRig, startHorizonRig } from './horizon-rig.ts';

let rig: HorizonRig;
beforeAll(async () => {
  rig = await startHorizonRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

type Posted = { status: number; type: string | null; body: Record<string, unknown> & { extras?: Extras } };
type Extras = Record<string, unknown> & { result_codes?: unknown; diagnostic_events?: string[] };

async function post(
  path: string,
  body: FormData | URLSearchParams | string | undefined,
  headers: Record<string, string> = {},
): Promise<Posted> {
  const init = { method: 'POST', headers, ...(body === undefined ? {} : { body }) };
  const answer = await fetch(`${rig.devnet.horizonUrl}${path}`, init);
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    body: (await answer.json()) as Posted['body'],
  };
}

const form = (tx: string) => new URLSearchParams({ tx });

async function bump(who: Keypair, bumpTo = '0', fee = '100') {
  const tx = await rig.build(who, [Operation.bumpSequence({ bumpTo })], fee);
  tx.sign(who);
  return tx;
}

/** Of the same source, with the sequence number after it. */
function nextAfter({ sequence }: Transaction, who: Keypair): Transaction {
  const next = new TransactionBuilder(new Account(who.publicKey(), sequence), {
    fee: '100',
    networkPassphrase: rig.devnet.passphrase,
  })
    .addOperation(Operation.bumpSequence({ bumpTo: '0' }))
    .setTimeout(60)
    .build();
  next.sign(who);
  return next;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a transaction that is sent', () => {
  it('is answered from its ledger, whichever form it comes in', async () => {
    const who = await rig.funded('sender of forms');
    const multipart = new FormData();
    multipart.set('tx', (await bump(who)).toXdr());
    expect(await post('/transactions', multipart)).toMatchObject({ status: 200, body: { successful: true } });
    const urlencoded = form((await bump(who)).toXdr());
    expect((await post('/transactions', urlencoded)).body).toMatchObject({ successful: true });
    const inAddress = `/transactions?${form((await bump(who)).toXdr())}`;
    expect((await post(inAddress, undefined)).body).toMatchObject({ successful: true });
  });

  it('in a form that Horizon does not know is not read', async () => {
    const json = JSON.stringify({ tx: (await bump(await rig.funded('sender of JSON'))).toXdr() });
    const refused = await post('/transactions', json, { 'content-type': 'application/json' });
    expect(refused.body).toMatchObject({ status: 415, title: 'Unsupported Media Type' });
    const large = await post('/transactions', form('A'.repeat(200_000)));
    expect(large.body).toMatchObject({ status: 413, type: expect.stringContaining('horizon-errors') });
  });

  it('that is none is told so', async () => {
    for (const tx of ['', 'AAAA', 'not base64 at all', `${(await bump(await rig.funded('cut off'))).toXdr()}AAAA`]) {
      const { body } = await post('/transactions', form(tx));
      expect(body).toMatchObject({ status: 400, title: 'Transaction Malformed', extras: { envelope_xdr: tx } });
    }
  });

  it('for what the devnet does not have is told by RPC and by Horizon what that is', async () => {
    const who = await rig.funded('sender of an offer');
    const offer = { selling: Asset.native(), buying: new Asset('USDC', who.publicKey()), amount: '1', price: '1' };
    const tx = await rig.build(who, [Operation.manageSellOffer(offer)]);
    tx.sign(who);
    const { extras } = (await post('/transactions', form(tx.toXdr()))).body;
    expect(extras).toMatchObject({ result_codes: { operations: ['op_not_supported'] } });
    const [told] = extras?.diagnostic_events ?? [];
    const [byRpc] = (await rig.server.sendTransaction(tx)).diagnosticEvents ?? [];
    expect(byRpc?.toXdr('base64')).toBe(told);
    expect(byRpc && scValToNative(byRpc.event.body.v0.data)).toBe('the devnet has no manageSellOffer');
  });

  it('again after it was applied gives the same answer, be it success or failure', async () => {
    const who = await rig.funded('sender twice');
    const good = await bump(who);
    const first = await rig.horizon.submitTransaction(good);
    expect(await rig.horizon.submitTransaction(good)).toEqual(first);
    const bad = await rig.signedPayment(who, Keypair.random(), '1');
    const refused = { status: 400, extras: { result_codes: { operations: ['op_no_destination'] } } };
    for (let time = 0; time < 2; time++) {
      const error = await rig.horizon.submitTransaction(bad).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(BadResponseError);
      expect((error as BadResponseError).getResponse()).toMatchObject({ data: refused });
    }
    await expect(rig.horizon.transactions().transaction('0'.repeat(64)).call()).rejects.toBeInstanceOf(NotFoundError);
  });

  it('by its inner hash is told of with the inner result, by the outer with both', async () => {
    const who = await rig.funded('inner');
    const sponsor = await rig.funded('outer');
    const inner = await rig.build(who, [
      Operation.payment({ destination: Keypair.random().publicKey(), asset: Asset.native(), amount: '1' }),
    ]);
    inner.sign(who);
    const outer = TransactionBuilder.buildFeeBumpTransaction(sponsor, '200', inner, rig.devnet.passphrase);
    outer.sign(sponsor);
    expect((await post('/transactions', form(outer.toXdr()))).body.extras?.result_codes).toEqual({
      transaction: 'tx_fee_bump_inner_failed',
      inner_transaction: 'tx_failed',
      operations: ['op_no_destination'],
    });
    expect((await post('/transactions', form(inner.toXdr()))).body.extras?.result_codes).toEqual({
      transaction: 'tx_failed',
      operations: ['op_no_destination'],
    });
  });
});

describe('a transaction that no ledger has yet', () => {
  afterEach(() => rig.order('devnet_freeze', { frozen: false }));

  it('is waited for, by all who send it and by those for whom there is no room', async () => {
    const who = await rig.funded('patient');
    const tx = await bump(who);
    const next = nextAfter(tx, who);
    await rig.order('devnet_freeze');
    expect((await rig.horizon.submitAsyncTransaction(tx)).tx_status).toBe('PENDING');
    const [first, again, later] = [tx, tx, next].map((sent) => post('/transactions', form(sent.toXdr())));
    const tryLater = await rig.horizon.submitAsyncTransaction(next).catch((error) => error.response.data);
    expect(tryLater).toMatchObject({ tx_status: 'TRY_AGAIN_LATER' });
    await rig.devnet.closeLedger();
    for (const answer of [await first, await again]) {
      expect([answer?.status, answer?.body.hash]).toEqual([200, hex(tx.hash())]);
    }
    // Whoever sends it when there is room: the answer is for all who wait.
    await rig.horizon.submitAsyncTransaction(next).catch(() => undefined);
    await rig.devnet.closeLedger();
    expect((await later)?.body.hash).toBe(hex(next.hash()));
  });

  it('is given up after half a minute, with its hash to look for', async () => {
    const clock = fakeClock(Date.now());
    await using slow = await startHorizonRig({ clock });
    const who = await slow.funded('impatient');
    const tx = await slow.build(who, [Operation.bumpSequence({ bumpTo: '0' })]);
    tx.sign(who);
    await slow.order('devnet_freeze');
    const body = form(tx.toXdr());
    let answer: Response | undefined;
    const waiting = fetch(`${slow.devnet.horizonUrl}/transactions`, { method: 'POST', body }).then((got) => {
      answer = got;
    });
    while (!answer) {
      clock.advance(30_000);
      await new Promise(setImmediate);
    }
    await waiting;
    expect(await answer.json()).toMatchObject({
      status: 504,
      type: 'https://stellar.org/horizon-errors/transaction_submission_timeout',
      extras: { hash: hex(tx.hash()), envelope_xdr: tx.toXdr() },
    });
  });
});

describe('a transaction that is sent without waiting', () => {
  afterEach(() => rig.order('devnet_freeze', { frozen: false }));

  it('is answered with what the network says of it', async () => {
    const who = await rig.funded('hasty');
    const [first, second] = [await bump(who), await rig.signedPayment(who, who, '1')];
    const cheap = await bump(who, '0', '99');
    await rig.order('devnet_freeze');
    const send = (tx: { toXdr(): string }) => post('/transactions_async', form(tx.toXdr()));
    const hash = hex(first.hash());
    const type = 'application/hal+json; charset=utf-8';
    expect(await send(first)).toEqual({ status: 201, type, body: { tx_status: 'PENDING', hash } });
    expect(await send(first)).toEqual({ status: 409, type, body: { tx_status: 'DUPLICATE', hash } });
    expect(await send(second)).toMatchObject({ status: 503, type, body: { tx_status: 'TRY_AGAIN_LATER' } });
    await rig.devnet.closeLedger();
    const { status, body } = await send(cheap);
    expect([status, body.tx_status]).toEqual([400, 'ERROR']);
    const result = xdr.TransactionResult.fromXdr(String(body.error_result_xdr), 'base64');
    expect(result.result.type).toBe('txInsufficientFee');
  });

  it('and is none is a problem', async () => {
    expect(await post('/transactions_async', form('AAAA'))).toMatchObject({
      status: 400,
      type: 'application/problem+json; charset=utf-8',
      body: { title: 'Transaction Malformed', extras: { envelope_xdr: 'AAAA', error: expect.any(String) } },
    });
  });
});

describe('result codes', () => {
  it('are spelt as Horizon spells them', () => {
    const { PathPaymentStrictSendResult, SetTrustLineFlagsResult, ExtendFootprintTtlResult } = xdr;
    const { OperationResultTr, ClawbackClaimableBalanceResult, ClaimClaimableBalanceResult } = xdr;
    const inner = [
      OperationResultTr.pathPaymentStrictSend(PathPaymentStrictSendResult.pathPaymentStrictSendUnderDestmin()),
      OperationResultTr.setTrustLineFlags(SetTrustLineFlagsResult.setTrustLineFlagsNoTrustLine()),
      OperationResultTr.extendFootprintTtl(ExtendFootprintTtlResult.extendFootprintTtlInsufficientRefundableFee()),
      OperationResultTr.clawbackClaimableBalance(ClawbackClaimableBalanceResult.clawbackClaimableBalanceNotIssuer()),
      OperationResultTr.claimClaimableBalance(ClaimClaimableBalanceResult.claimClaimableBalanceCannotClaim()),
    ].map((result) => xdr.OperationResult.opInner(result));
    const outcome = xdr.TransactionResultResult.txFailed([...inner, xdr.OperationResult.opTooManySponsoring()]);
    const result = new xdr.TransactionResult({ feeCharged: 100n, result: outcome, ext: xdr.TransactionResultExt.v0() });
    expect(resultCodes(result)).toEqual({
      transaction: 'tx_failed',
      operations: [
        'op_under_dest_min',
        'op_no_trust',
        'insufficient_refundable_fee',
        'op_no_issuer',
        'op_cannot_claim',
        'op_too_many_sponsoring',
      ],
    });
  });
});
