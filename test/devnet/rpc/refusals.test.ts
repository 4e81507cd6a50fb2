import { Account, Keypair, Memo, Operation, TransactionBuilder, xdr } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, startRig } from '../rig.ts';
import { call, resultOf } from './wire.ts';

/** What each method refuses, with the real server's codes and words. */

let rig: DevnetRig;
let url: string;
beforeAll(async () => {
  rig = await startRig();
  url = rig.devnet.rpcUrl;
  for (let ledger = 0; ledger < 5; ledger++) await rig.devnet.closeLedger();
});
afterAll(() => rig[Symbol.asyncDispose]());

const FORMAT = "got 'x': expected base64, json for optional 'xdrFormat'";
const outside = (start: number) =>
  `start ledger (${start}) must be between the oldest ledger: 1 and the latest ledger: 6 for this rpc instance`;
const key = (name: string) => {
  const { accountId } = { accountId: Keypair.fromRawEd25519Seed(Buffer.alloc(32, name)).xdrPublicKey() };
  return xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId })).toXdr('base64');
};

describe('parameters of a right type and a wrong value', () => {
  it.each<[string, object, number, string]>([
    ['getTransaction', { hash: 'abc' }, -32602, 'unexpected hash length (3)'],
    ['getTransaction', { hash: 'z'.repeat(64) }, -32602, "incorrect hash: encoding/hex: invalid byte: U+007A 'z'"],
    ['getTransaction', { hash: 'abc', xdrFormat: 'x' }, -32602, FORMAT],
    ['getTransactions', { startLedger: 7 }, -32600, outside(7)],
    ['getTransactions', { xdrFormat: 'x' }, -32600, `${outside(0)}\n${FORMAT}`],
    [
      'getTransactions',
      { startLedger: 1, pagination: { cursor: '5' } },
      -32600,
      'startLedger (1) and cursor (5) cannot both be set',
    ],
    ['getTransactions', { startLedger: 1, pagination: { limit: 201 } }, -32600, 'limit must not exceed 200'],
    ['getTransactions', { pagination: { cursor: 'x' } }, -32602, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['getTransactions', { pagination: { cursor: '-1' } }, -32602, 'cursor ledger sequence cannot be negative'],
    ['getTransactions', { pagination: { cursor: '1' } }, -32602, 'database does not contain metadata for ledger: 0'],
    ['getLedgers', { startLedger: 0 }, -32600, outside(0)],
    ['getLedgers', { startLedger: 1, xdrFormat: 'x' }, -32600, FORMAT],
    [
      'getLedgers',
      { pagination: { cursor: '6' } },
      -32602,
      "cursor ('6') must be between the oldest ledger: 1 and the latest ledger: 6 for this rpc instance",
    ],
    ['getLedgers', { pagination: { cursor: '-1' } }, -32602, 'strconv.ParseUint: parsing "-1": invalid syntax'],
    [
      'getLedgers',
      { pagination: { cursor: '4294967296' } },
      -32602,
      'strconv.ParseUint: parsing "4294967296": value out of range',
    ],
    ['getLedgerEntries', { keys: [], xdrFormat: 'x' }, -32602, FORMAT],
    ['getLedgerEntries', { keys: [] }, -32603, 'could not query captive core: no keys specified in request'],
    [
      'getLedgerEntries',
      { keys: [key('a'), key('a')] },
      -32603,
      'could not query captive core: http request failed with non-200 status code (404)',
    ],
    ['getLedgerEntries', { keys: [key('a'), '?'] }, -32602, 'cannot unmarshal key value ? at index 1'],
    [
      'getLedgerEntries',
      { keys: Array.from({ length: 201 }, () => '?') },
      -32602,
      'key count (201) exceeds maximum supported (200)',
    ],
    ['sendTransaction', { transaction: 'AAAA' }, -32602, 'invalid_xdr'],
    ['getEvents', { startLedger: 1, xdrFormat: 'x' }, -32602, FORMAT],
    ['getEvents', { startLedger: 7 }, -32600, 'startLedger must be within the ledger range: 1 - 6'],
    [
      'getEvents',
      { startLedger: 1, filters: [{ contractIds: ['C1'], topics: [['*'], ['*'], ['*'], ['*'], ['*'], ['*']] }] },
      -32602,
      'filter 1 invalid: maximum 5 topics per filter',
    ],
  ])('%s %j', async (method, params, code, message) => {
    expect((await call(url, method, params)).error).toEqual({ code, message });
  });

  it('refuse a TTL entry as such', async () => {
    const ttl = xdr.LedgerKey.ttl(new xdr.LedgerKeyTtl({ keyHash: new xdr.Hash(Buffer.alloc(32)) })).toXdr('base64');
    expect((await call(url, 'getLedgerEntries', { keys: [ttl] })).error).toEqual({
      code: -32602,
      message: 'ledger ttl entries cannot be queried directly',
    });
  });
});

describe('a simulation that is not begun', () => {
  const source = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 's'));
  const envelope = (operations: xdr.Operation[], memo: Memo = Memo.none()) => {
    const builder = new TransactionBuilder(new Account(source.publicKey(), '1'), {
      fee: '100',
      networkPassphrase: rig.devnet.passphrase,
      memo,
    });
    for (const operation of operations) builder.addOperation(operation);
    return builder.setTimeout(0).build().toXdr();
  };
  const bump = Operation.bumpSequence({ bumpTo: '0' });
  const restore = Operation.restoreFootprint({});

  it.each<[string, () => object]>([
    [FORMAT, () => ({ transaction: '?', xdrFormat: 'x' })],
    ['Could not unmarshal transaction', () => ({ transaction: '?', authMode: 'x' })],
    ['Transaction contains more than one operation', () => ({ transaction: envelope([bump, bump], Memo.text('a')) })],
    [
      'Transaction contains a memo. Soroban transactions do not support memos.',
      () => ({ transaction: envelope([bump], Memo.text('a')), authMode: 'x' }),
    ],
    [
      "optional 'authMode' must be one of enforce,record,record_allow_nonroot when included",
      () => ({ transaction: envelope([bump]), authMode: 'x' }),
    ],
    [
      'transaction contains unsupported operation type: OperationTypeBumpSequence',
      () => ({ transaction: envelope([bump]) }),
    ],
    [
      'cannot set authMode with non-InvokeHostFunction operations',
      () => ({ transaction: envelope([restore]), authMode: 'record' }),
    ],
    [
      'To perform a SimulateTransaction for ExtendFootprintTtl or RestoreFootprint operations, SorobanTransactionData must be provided',
      () => ({ transaction: envelope([restore]) }),
    ],
  ])('says: %s', async (error, params) => {
    expect(await resultOf(url, 'simulateTransaction', params())).toEqual({ error, latestLedger: 0 });
  });
});
