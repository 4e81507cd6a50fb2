import { describe, expect, it } from 'vitest';
import { type ClassicVerdict, judgeRecord } from '../../src/deposits/classic-rules.ts';
import { parseUsdc } from '../../src/money.ts';
import { decodePaymentRecord } from '../../src/stellar/horizon-records.ts';
import { addressOf } from '../settlement/rig.ts';
import { depositAccount, memoHash, memoId, muxed, type RawRecord, ScriptedHorizon, usdc } from './scripted-horizon.ts';

const terms = { account: depositAccount, asset: usdc };

function judge(change: RawRecord = {}, memo?: RawRecord, amount = '5.0000000'): ClassicVerdict {
  const record = decodePaymentRecord(new ScriptedHorizon().pay(amount, change, memo));
  if ('broken' in record) throw new Error(record.broken);
  return judgeRecord(record, terms);
}

function change(fields: RawRecord = {}): RawRecord {
  const asset = { asset_type: 'credit_alphanum4', asset_code: usdc.code, asset_issuer: usdc.issuer };
  return { ...asset, type: 'transfer', from: addressOf('payer'), to: depositAccount, amount: '5.0000000', ...fields };
}

const invoked = (...changes: RawRecord[]) => ({ type: 'invoke_host_function', asset_balance_changes: changes });

const nobody = (why: string) => ({ reference: { kind: 'nobody', why: expect.stringContaining(why) } });

describe('what counts as a payment', () => {
  it.each<[string, RawRecord]>([
    ['a payment', {}],
    ['a path payment by what arrived', { type: 'path_payment_strict_receive', source_amount: '9.9', source_max: '10' }],
    ['a strict-send path payment', { type: 'path_payment_strict_send', source_amount: '9.9', destination_min: '1' }],
    ['a transfer by the asset contract', invoked(change())],
    ['several transfers of one operation, in sum', invoked(change({ amount: '2' }), change({ amount: '3.0000000' }))],
    ['what the issuer pays out through the contract', invoked(change({ type: 'mint', from: undefined }))],
  ])('is %s', (_, fields) => {
    expect(judge(fields)).toMatchObject({ kind: 'payment', amount: parseUsdc('5') });
  });

  it.each<[string, RawRecord]>([
    ['a failed payment', { transaction_successful: false }],
    ['a payment to somebody else', { to: addressOf('somebody') }],
    ['what the deposit account itself pays', { from: depositAccount, to: addressOf('somebody') }],
    ['what the deposit account pays to itself', { from: depositAccount }],
    ['the same code of another issuer', { asset_issuer: addressOf('fake issuer') }],
    ['another code of the same issuer', { asset_code: 'USDX' }],
    ['a code in other letters', { asset_code: 'usdc' }],
    ['the code in the other asset type', { asset_type: 'credit_alphanum12' }],
    ['native coins', { asset_type: 'native', asset_code: undefined, asset_issuer: undefined }],
    ['an account creation', { type: 'create_account', starting_balance: '5', account: depositAccount }],
    ['a merge', { type: 'account_merge', into: depositAccount }],
    ['a claimable balance', { type: 'claim_claimable_balance' }],
    ['an operation of a type nobody knows yet', { type: 'teleport' }],
    ['an invocation that moves nothing', invoked()],
    ['a transfer by contract to somebody else', invoked(change({ to: addressOf('somebody') }))],
    ['a transfer by contract of a fake', invoked(change({ asset_issuer: addressOf('fake issuer') }))],
    ['our own forwarding', invoked(change({ from: depositAccount, to: 'CVAULT' }))],
    ['a burn', invoked(change({ type: 'burn', to: undefined }))],
    ['nothing at all', { amount: '0.0000000' }],
  ])('is not %s', (_, fields) => {
    expect(judge(fields)).toEqual({ kind: 'ignored' });
  });

  it.each<[string, RawRecord, string?]>([
    ['an amount above what the books hold', {}, '922337203685.4775807'],
    ['an amount with eight decimals', {}, '1.00000001'],
    ['a negative amount', {}, '-5.0000000'],
    ['an amount with an exponent', {}, '5e3'],
    ['an operation that takes as well as gives', invoked(change(), change({ from: depositAccount, to: 'CVAULT' }))],
  ])('sets aside %s', (_, fields, amount) => {
    expect(judge(fields, undefined, amount)).toMatchObject({ kind: 'set_aside' });
  });

  it('is exact above 2^53 of any float', () => {
    expect(judge({}, undefined, '900719925.4740991')).toMatchObject({ amount: 9_007_199_254_740_991n });
  });
});

describe('whom a payment names', () => {
  const alice = addressOf('alice');
  it.each<[string, RawRecord, RawRecord | undefined, unknown]>([
    ['a number', {}, memoId('18446744073709551615'), { reference: { kind: 'alias', alias: '18446744073709551615' } }],
    ['a key as hash', {}, memoHash(alice), { reference: { kind: 'address', address: alice } }],
    ['a muxed address', muxed('7'), undefined, { reference: { kind: 'alias', alias: '7' } }],
    ['a muxed address and the same number', muxed('7'), memoId('7'), { reference: { kind: 'alias', alias: '7' } }],
    ['no memo', {}, undefined, nobody('no memo')],
    ['a text memo with digits', {}, { memo_type: 'text', memo: '7' }, nobody('text')],
    ['a return memo', {}, { memo_type: 'return', memo: 'x' }, nobody('return')],
    ['a muxed address and another number', muxed('7'), memoId('8'), nobody('two receivers')],
    ['a muxed address and a key', muxed('7'), memoHash(alice), nobody('two receivers')],
    ['a muxed address of another account', muxed('7', alice), undefined, nobody('muxed')],
    ['a muxed number that is not in the address', { ...muxed('7'), to_muxed_id: '8' }, undefined, nobody('muxed')],
    ['a muxed number without an address', { to_muxed_id: '8' }, undefined, nobody('muxed')],
    ['a muxed number as a JSON number', { ...muxed('7'), to_muxed_id: 7 }, undefined, nobody('muxed')],
    ['a number with a zero before it', {}, memoId('007'), nobody('cannot be read')],
    ['a number above 64 bits', {}, memoId('18446744073709551616'), nobody('cannot be read')],
    ['a hash of 31 bytes', {}, { memo_type: 'hash', memo: Buffer.alloc(31).toString('base64') }, nobody('read')],
    [
      'a hash in sloppy base64',
      {},
      { memo_type: 'hash', memo: Buffer.alloc(32).toString('base64url') },
      nobody('read'),
    ],
    ['a memo of an unknown type', {}, { memo_type: 'poem', memo: 'x' }, nobody('cannot be read')],
  ])('%s', (_, fields, memo, expected) => {
    expect(judge(fields, memo)).toMatchObject({ kind: 'payment', ...(expected as object) });
  });

  it.each<[string, RawRecord, unknown]>([
    ['a muxed receiver', change({ destination_muxed_id: '7' }), { reference: { kind: 'alias', alias: '7' } }],
    [
      'a memo text instead',
      change({ destination_muxed_id: 'x', destination_muxed_id_type: 'STRING' }),
      nobody('muxed'),
    ],
  ])('a transfer by contract with %s', (_, moved, expected) => {
    expect(judge(invoked(moved))).toMatchObject(expected as object);
  });

  it('nobody where one operation pays two sub-accounts', () => {
    const fields = invoked(change({ destination_muxed_id: '7' }), change({ destination_muxed_id: '8' }));
    expect(judge(fields)).toMatchObject(nobody('several'));
  });

  it('nobody where the page lacks the transaction, or joins another', () => {
    expect(judge({ transaction: undefined })).toMatchObject(nobody('cannot be read'));
    expect(judge({ transaction: { hash: 'f'.repeat(64), memo_type: 'id', memo: '7' } })).toMatchObject(
      nobody('cannot be read'),
    );
  });
});

describe('a record that cannot be read', () => {
  it.each<[string, unknown]>([
    ['text', 'hello'],
    ['null', null],
    ['a record without a place', { id: '1' }],
    ['a place that is no number', { paging_token: 'now', id: 'now' }],
    ['an id that is not its place', { ...new ScriptedHorizon().pay('1'), id: '5' }],
    ['an amount as a number', { ...new ScriptedHorizon().pay('1'), amount: 1 }],
    ['no receiver', { ...new ScriptedHorizon().pay('1'), to: undefined }],
    ['no success', { ...new ScriptedHorizon().pay('1'), transaction_successful: 'true' }],
    ['no time', { ...new ScriptedHorizon().pay('1'), created_at: 'yesterday' }],
    ['a foreign hash', { ...new ScriptedHorizon().pay('1'), transaction_hash: 'ABC' }],
    [
      'balance changes that are no list',
      { ...new ScriptedHorizon().pay('1'), ...invoked(), asset_balance_changes: {} },
    ],
  ])('is %s', (_, raw) => {
    expect(decodePaymentRecord(raw)).toHaveProperty('broken');
  });
});
