import { type Keypair, nativeToScVal, Operation, xdr } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, startRig, usdcOf } from '../rig.ts';
import { resultOf } from './wire.ts';

/** What answers look like to a decoder that takes nothing for granted, as base64 and as JSON. */

type Json = Record<string, unknown>;

let rig: DevnetRig;
let issuer: Keypair;
let holder: Keypair;
let contract: string;
let paymentHash: string;
const ask = (method: string, params?: object) => resultOf(rig.devnet.rpcUrl, method, params);

beforeAll(async () => {
  rig = await startRig();
  issuer = await rig.funded('issuer');
  holder = await rig.funded('holder');
  const usdc = usdcOf(issuer);
  contract = usdc.contractId(rig.devnet.passphrase);
  await rig.send(holder, Operation.changeTrust({ asset: usdc }));
  await rig.send(issuer, Operation.createStellarAssetContract({ asset: usdc }));
  const paid = await rig.send(issuer, mint(5n));
  paymentHash = paid.txHash;
});
afterAll(() => rig[Symbol.asyncDispose]());

function mint(amount: bigint, to = holder.publicKey()): xdr.Operation {
  const args = [nativeToScVal(to, { type: 'address' }), nativeToScVal(amount, { type: 'i128' })];
  return Operation.invokeContractFunction({ contract, function: 'mint', args });
}

async function simulated(operation: xdr.Operation, more: object = {}): Promise<Json> {
  const tx = await rig.build(issuer, [operation]);
  return ask('simulateTransaction', { transaction: tx.toXdr(), ...more });
}

type XdrType = { fromXdr(xdr: string, format: 'base64'): { toJson(): unknown } };

/** Whether JSON is what the SDK makes of the same XDR, but for the one name that the real server writes otherwise. */
function expectSame(type: XdrType, base64: unknown, json: unknown) {
  const text = JSON.stringify(type.fromXdr(base64 as string, 'base64').toJson());
  expect(JSON.stringify(json)).toBe(text.replaceAll('"type":', '"type_":'));
}

describe('getTransaction', () => {
  it('tells of one that is not there all the fields that strict decoders want', async () => {
    const hash = 'AB'.repeat(32);
    expect(await ask('getTransaction', { hash })).toEqual({
      status: 'NOT_FOUND',
      txHash: hash,
      applicationOrder: 0,
      feeBump: false,
      events: {},
      ledger: 0,
      createdAt: '0',
      latestLedger: rig.devnet.latestLedger().sequence,
      latestLedgerCloseTime: String(rig.devnet.latestLedger().closeTimeS),
      oldestLedger: 1,
      oldestLedgerCloseTime: expect.any(String),
    });
  });

  it('finds a hash in any case, and echoes it as it was asked', async () => {
    const txHash = paymentHash.toUpperCase();
    expect(await ask('getTransaction', { hash: txHash })).toMatchObject({ status: 'SUCCESS', txHash });
  });

  it('says the same in JSON', async () => {
    const base64 = await ask('getTransaction', { hash: paymentHash });
    const json = await ask('getTransaction', { hash: paymentHash, xdrFormat: 'json' });
    expectSame(xdr.TransactionEnvelope, base64.envelopeXdr, json.envelopeJson);
    expectSame(xdr.TransactionResult, base64.resultXdr, json.resultJson);
    expectSame(xdr.TransactionMeta, base64.resultMetaXdr, json.resultMetaJson);
    const events = base64.events as { transactionEventsXdr: string[]; contractEventsXdr: string[][] };
    const told = json.events as { transactionEventsJson: unknown[]; contractEventsJson: unknown[][] };
    expectSame(xdr.TransactionEvent, events.transactionEventsXdr[0], told.transactionEventsJson[0]);
    expectSame(xdr.ContractEvent, events.contractEventsXdr[0]?.[0], told.contractEventsJson[0]?.[0]);
    expect(told.contractEventsJson[0]?.[0]).toMatchObject({ type_: 'contract' });
    expect(Object.keys({ ...json, ...told }).filter((name) => name.endsWith('Xdr'))).toEqual([]);
  });
});

describe('JSON', () => {
  it('of ledgers stands beside two empty fields', async () => {
    const [base64] = (await ask('getLedgers', { startLedger: 2 })).ledgers as Json[];
    const [json] = (await ask('getLedgers', { startLedger: 2, xdrFormat: 'json' })).ledgers as Json[];
    expectSame(xdr.LedgerHeaderHistoryEntry, base64?.headerXdr, json?.headerJson);
    expectSame(xdr.LedgerCloseMeta, base64?.metadataXdr, json?.metadataJson);
    expect(json).toMatchObject({ headerXdr: '', metadataXdr: '' });
  });

  it('of events takes the place of topics and value', async () => {
    const params = { startLedger: 1, filters: [{ contractIds: [contract] }] };
    const [base64] = (await ask('getEvents', params)).events as Json[];
    const [json] = (await ask('getEvents', { ...params, xdrFormat: 'json' })).events as Json[];
    const topic = (base64?.topic as string[] | undefined)?.[0];
    expectSame(xdr.ScVal, topic, (json?.topicJson as unknown[] | undefined)?.[0]);
    expectSame(xdr.ScVal, base64?.value, json?.valueJson);
    expect(json).not.toHaveProperty('topic');
    expect(json).not.toHaveProperty('value');
  });

  it('of entries names key, data and extension', async () => {
    const account = new xdr.LedgerKeyAccount({ accountId: issuer.xdrPublicKey() });
    const keys = [xdr.LedgerKey.account(account).toXdr('base64')];
    const [base64] = (await ask('getLedgerEntries', { keys })).entries as Json[];
    const [json] = (await ask('getLedgerEntries', { keys, xdrFormat: 'json' })).entries as Json[];
    expect(base64).toMatchObject({ key: keys[0], extXdr: 'AAAAAA==' });
    expectSame(xdr.LedgerKey, base64?.key, json?.keyJson);
    expectSame(xdr.LedgerEntryData, base64?.xdr, json?.dataJson);
    expect(json?.extJson).toBe('v0');
  });

  it('of a refused transaction tells its result', async () => {
    const tx = await rig.build(issuer, [Operation.bumpSequence({ bumpTo: '0' })]);
    const answer = await ask('sendTransaction', { transaction: tx.toXdr(), xdrFormat: 'json' });
    expect(answer).toMatchObject({ status: 'ERROR', errorResultJson: { result: 'tx_bad_auth' } });
    expect(answer).not.toHaveProperty('errorResultXdr');
  });

  it('of a simulation has a name for each part', async () => {
    const base64 = await simulated(mint(1n));
    const json = await simulated(mint(1n), { xdrFormat: 'json' });
    // The two differ in the nonce they record.
    const type = xdr.SorobanTransactionData.fromXdr(base64.transactionData as string, 'base64').toJson();
    expect(Object.keys(json.transactionDataJson as Json)).toEqual(Object.keys(type as Json));
    const [result] = json.results as Json[];
    expect(result?.returnValueJson).toBe('void');
    expect(result?.authJson).toHaveLength(1);
    const [change] = json.stateChanges as Json[];
    expect(change).toMatchObject({ before: null, after: null, keyJson: expect.anything() });
    expect(change?.beforeJson ?? change?.afterJson).toBeDefined();
    expect(json.eventsJson).toBeDefined();
    for (const name of ['transactionData', 'events']) expect(json).not.toHaveProperty(name);
  });
});

describe('a simulation', () => {
  it('sees the latest ledger, and tells entries as the host leaves them', async () => {
    const { stateChanges, results } = await simulated(mint(1n));
    const changes = stateChanges as { type: string; before: string | null; after: string | null }[];
    const updated = changes.find(({ type }) => type === 'updated');
    const number = (entry = '') => xdr.LedgerEntry.fromXdr(entry, 'base64').lastModifiedLedgerSeq;
    // It is the ledger that stamps entries, not the host.
    expect(number(updated?.before ?? '')).toBeGreaterThan(0);
    expect(number(updated?.after ?? '')).toBe(0);
    expect((results as Json[])[0]).toMatchObject({ auth: [expect.any(String)], xdr: expect.any(String) });
  });

  it('leaves out what is empty', async () => {
    const args = [nativeToScVal(holder.publicKey(), { type: 'address' })];
    const read = await simulated(Operation.invokeContractFunction({ contract, function: 'balance', args }));
    expect(read).not.toHaveProperty('stateChanges');
    expect((read.results as Json[])[0]?.auth).toEqual([]);
  });

  it('refuses an instruction leeway that is no number of instructions, within its answer', async () => {
    const resourceConfig = { instructionLeeway: 2 ** 32 };
    expect(await simulated(mint(1n), { resourceConfig })).toEqual({
      error: expect.stringContaining('instructionLeeway'),
      latestLedger: rig.devnet.latestLedger().sequence,
    });
  });
});

describe('getFeeStats', () => {
  it('tells what was charged, which for a fee bump of one operation is twice the fee', async () => {
    await using other = await startRig();
    const { rpcUrl } = other.devnet;
    const zeros = (await resultOf(rpcUrl, 'getFeeStats')).sorobanInclusionFee;
    expect(zeros).toMatchObject({ max: '0', min: '0', mode: '0', p99: '0', transactionCount: '0', ledgerCount: 0 });
    const who = await other.funded('payer');
    const tx = await other.build(who, [Operation.bumpSequence({ bumpTo: '0' })], '5000');
    tx.sign(who);
    await other.server.sendTransaction(tx);
    const { inclusionFee } = await resultOf(rpcUrl, 'getFeeStats');
    expect(inclusionFee).toMatchObject({ max: '100', mode: '100', transactionCount: '2', ledgerCount: 3 });
  });
});

describe('event ids', () => {
  it('count fees before all and refunds after all transactions, and say whether the call succeeded', async () => {
    const { ledger } = await ask('getTransaction', { hash: paymentHash });
    const { events } = await ask('getEvents', { startLedger: ledger, endLedger: Number(ledger) + 1 });
    const places = (events as Json[]).map(({ transactionIndex, operationIndex, inSuccessfulContractCall }) => [
      transactionIndex,
      operationIndex,
      inSuccessfulContractCall,
    ]);
    expect(places).toEqual([
      [0, 0, true],
      [1, 0, true],
      [0xfffff, 0, true],
    ]);
  });
});
