import { type Keypair, nativeToScVal, Operation, xdr } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type DevnetRig, startRig, usdcOf } from '../rig.ts';
import { resultOf } from './wire.ts';

/** Every answer by a decoder that refuses fields it does not know, misses those it wants, and takes no number for text. */

const u32 = z.int().min(0).max(0xffffffff);
const digits = z.string().regex(/^\d+$/);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const base64 = z.base64().min(1);
const texts = z.array(base64).min(1);

const span = { latestLedger: u32, oldestLedger: u32 };
const textSpan = { ...span, latestLedgerCloseTime: digits, oldestLedgerCloseTime: digits };

const transaction = {
  txHash: hash,
  applicationOrder: u32,
  feeBump: z.boolean(),
  ledger: u32,
  envelopeXdr: base64,
  resultXdr: base64,
  resultMetaXdr: base64,
  diagnosticEventsXdr: texts.optional(),
  events: z.strictObject({
    transactionEventsXdr: texts.optional(),
    contractEventsXdr: z.array(z.array(base64)).min(1).optional(),
  }),
};
const outcome = z.enum(['SUCCESS', 'FAILED']);

const fees = z.strictObject({
  ...Object.fromEntries([10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99].map((percent) => [`p${percent}`, digits])),
  max: digits,
  min: digits,
  mode: digits,
  transactionCount: digits,
  ledgerCount: u32,
});

const shapes = {
  getHealth: z.strictObject({ ...textSpan, status: z.literal('healthy'), ledgerRetentionWindow: u32 }),
  getNetwork: z.strictObject({ friendbotUrl: z.url(), passphrase: z.string(), protocolVersion: u32 }),
  getVersionInfo: z.strictObject({
    version: z.string(),
    commitHash: z.string(),
    buildTimestamp: z.string(),
    captiveCoreVersion: z.string(),
    protocolVersion: u32,
  }),
  getLatestLedger: z.strictObject({
    id: hash,
    protocolVersion: u32,
    sequence: u32,
    closeTime: digits,
    headerXdr: base64,
    metadataXdr: base64,
  }),
  getFeeStats: z.strictObject({ sorobanInclusionFee: fees, inclusionFee: fees, latestLedger: u32 }),
  getLedgers: z.strictObject({
    ...span,
    latestLedgerCloseTime: u32,
    oldestLedgerCloseTime: u32,
    cursor: digits,
    ledgers: z
      .array(
        z.strictObject({
          hash,
          sequence: u32,
          ledgerCloseTime: digits,
          headerXdr: base64,
          metadataXdr: base64,
        }),
      )
      .min(1),
  }),
  getLedgerEntries: z.strictObject({
    latestLedger: u32,
    entries: z
      .array(
        z.strictObject({
          key: base64,
          xdr: base64,
          lastModifiedLedgerSeq: u32,
          liveUntilLedgerSeq: u32.optional(),
          extXdr: base64,
        }),
      )
      .min(1),
  }),
  getTransaction: z.strictObject({ ...transaction, ...textSpan, status: outcome, createdAt: digits }),
  getTransactions: z.strictObject({
    ...span,
    latestLedgerCloseTimestamp: u32,
    oldestLedgerCloseTimestamp: u32,
    cursor: digits,
    transactions: z.array(z.strictObject({ ...transaction, status: outcome, createdAt: u32 })).min(1),
  }),
  getEvents: z.strictObject({
    ...textSpan,
    cursor: z.string().regex(/^\d{19}-\d{10}$/),
    events: z
      .array(
        z.strictObject({
          type: z.enum(['contract', 'system']),
          ledger: u32,
          ledgerClosedAt: z.iso.datetime({ precision: 0 }),
          contractId: z.string(),
          id: z.string().regex(/^\d{19}-\d{10}$/),
          operationIndex: u32,
          transactionIndex: u32,
          txHash: hash,
          inSuccessfulContractCall: z.boolean(),
          topic: texts,
          value: base64,
        }),
      )
      .min(1),
  }),
  sendTransaction: z.strictObject({
    status: z.enum(['PENDING', 'DUPLICATE', 'TRY_AGAIN_LATER', 'ERROR']),
    hash,
    latestLedger: u32,
    latestLedgerCloseTime: digits,
    errorResultXdr: base64.optional(),
    diagnosticEventsXdr: texts.optional(),
  }),
  simulateTransaction: z.strictObject({
    latestLedger: u32,
    error: z.string().optional(),
    transactionData: base64.optional(),
    minResourceFee: digits.optional(),
    events: texts.optional(),
    results: z.array(z.strictObject({ auth: z.array(base64), xdr: base64 })).optional(),
    stateChanges: z
      .array(
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('created'), key: base64, before: z.null(), after: base64 }),
          z.strictObject({ type: z.literal('updated'), key: base64, before: base64, after: base64 }),
          z.strictObject({ type: z.literal('deleted'), key: base64, before: base64, after: z.null() }),
        ]),
      )
      .min(1)
      .optional(),
  }),
};

let rig: DevnetRig;
let issuer: Keypair;
let contract: string;
let txHash: string;
beforeAll(async () => {
  rig = await startRig();
  issuer = await rig.funded('issuer');
  const asset = usdcOf(issuer);
  contract = asset.contractId(rig.devnet.passphrase);
  await rig.send(issuer, Operation.createStellarAssetContract({ asset }));
  txHash = (await rig.send(issuer, mint(1n))).txHash;
});
afterAll(() => rig[Symbol.asyncDispose]());

/** To the contract itself, which needs no trustline. */
function mint(amount: bigint): xdr.Operation {
  const args = [nativeToScVal(contract, { type: 'address' }), nativeToScVal(amount, { type: 'i128' })];
  return Operation.invokeContractFunction({ contract, function: 'mint', args });
}

async function check(method: keyof typeof shapes, params?: object): Promise<void> {
  const { error } = shapes[method].safeParse(await resultOf(rig.devnet.rpcUrl, method, params));
  expect(error && z.prettifyError(error)).toBeUndefined();
}

describe('answers have the fields and types that strict decoders want', () => {
  it.each(['getHealth', 'getNetwork', 'getVersionInfo', 'getLatestLedger', 'getFeeStats'] as const)('%s', (method) =>
    check(method),
  );

  it.each(['getLedgers', 'getTransactions', 'getEvents'] as const)('%s', (method) => check(method, { startLedger: 1 }));

  it('getTransaction', () => check('getTransaction', { hash: txHash }));

  it('getLedgerEntries', () => {
    const account = xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId: issuer.xdrPublicKey() }));
    return check('getLedgerEntries', { keys: [account.toXdr('base64')] });
  });

  it('sendTransaction, taken and refused', async () => {
    const tx = await rig.build(issuer, [Operation.bumpSequence({ bumpTo: '0' })]);
    await check('sendTransaction', { transaction: tx.toXdr() });
    tx.sign(issuer);
    await check('sendTransaction', { transaction: tx.toXdr() });
    await check('sendTransaction', { transaction: tx.toXdr() });
  });

  it('simulateTransaction, of what changes entries, what fails and what is not begun', async () => {
    for (const operation of [mint(1n), mint(-1n), Operation.bumpSequence({ bumpTo: '0' })]) {
      const tx = await rig.build(issuer, [operation]);
      await check('simulateTransaction', { transaction: tx.toXdr() });
    }
  });
});
