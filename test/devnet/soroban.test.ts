import {
  Address,
  Asset,
  Contract,
  type Keypair,
  Memo,
  nativeToScVal,
  Operation,
  rpc,
  SorobanDataBuilder,
  scValToNative,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { entryLifetimes, networkProfiles } from '../../src/devnet/network-profiles.ts';
import { type ChainRig, type Submitted, startChain } from './chain-rig.ts';
import { usdcOf } from './rig.ts';
import { resultOf, type SorobanRig, sorobanDataOf, sorobanRig, withData } from './soroban-rig.ts';

/** Contract transactions: what they declare, what they pay, how long entries live. */

let rig: ChainRig;
let issuer: Keypair;
let ann: Keypair;
let usdc: Asset;
let sac: Contract;
let simulate: SorobanRig['simulate'];
let prepared: SorobanRig['prepared'];
let preparedWith: SorobanRig['preparedWith'];
let send: SorobanRig['send'];
let run: SorobanRig['run'];
let expire: SorobanRig['expire'];
let liveUntil: SorobanRig['liveUntil'];
beforeEach(() => {
  rig = startChain();
  ({ simulate, prepared, preparedWith, send, run, expire, liveUntil } = sorobanRig(rig));
  [issuer, ann] = [rig.fund('issuer', '1000'), rig.fund('ann', '1000')];
  usdc = usdcOf(issuer);
  rig.submit(ann, [Operation.changeTrust({ asset: usdc })]);
  expect(run(ann, Operation.createStellarAssetContract({ asset: usdc })).record?.successful).toBe(true);
  sac = new Contract(usdc.contractId(rig.passphrase));
});

const i128 = (amount: bigint) => nativeToScVal(amount, { type: 'i128' });
const mint = (amount: bigint, to = ann.publicKey()) => sac.call('mint', new Address(to).toScVal(), i128(amount));

describe('what a contract transaction pays', () => {
  it('is the base fee and the resources it declared, less the refundable part it did not use', () => {
    const before = rig.account(issuer).balance;
    const builder = prepared(issuer, mint(5n), '50000');
    const resourceFee = BigInt(simulate(rig.build(issuer, [mint(5n)])).minResourceFee ?? '0');
    const { record } = send(issuer, builder);
    const meta = record && xdr.TransactionMeta.fromXdr(record.meta);
    const ext = meta?.type === 'v4' ? meta.v4.sorobanMeta?.ext : undefined;
    if (!record || ext?.type !== 'v1') throw new Error('no meta');
    const { totalNonRefundableResourceFeeCharged, totalRefundableResourceFeeCharged } = ext.v1;
    const charged = before - rig.account(issuer).balance;
    expect(charged).toBe(100n + totalNonRefundableResourceFeeCharged + totalRefundableResourceFeeCharged);
    expect(charged).toBe(record.feeChargedStroops);
    expect(charged).toBeLessThan(100n + resourceFee);
    const fees = rig.chain.history
      .latest()
      .events.filter(
        ({ operationIndex, transactionIndex }) =>
          [0, 0xfffff].includes(transactionIndex) && [0, 0xfff].includes(operationIndex),
      );
    const sum = fees.reduce((total, { value }) => total + scValToNative(xdr.ScVal.fromXdr(value, 'base64')), 0n);
    expect(sum).toBe(charged);
  });

  it('is everything but rent and events when it fails', () => {
    const tooMuch = sac.call(
      'transfer',
      new Address(ann.publicKey()).toScVal(),
      new Address(issuer.publicKey()).toScVal(),
      i128(1n),
    );
    run(issuer, mint(1n));
    const builder = prepared(ann, tooMuch);
    rig.submit(ann, [Operation.payment({ destination: issuer.publicKey(), asset: usdc, amount: '0.0000001' })]);
    const again = TransactionBuilder.cloneFrom(rig.build(ann, [tooMuch], { fee: '100000' })).setSorobanData(
      sorobanDataOf(builder.build()),
    );
    const sent = send(ann, again);
    expect(resultOf(sent)).toBe('invokeHostFunctionTrapped');
    const meta = sent.record && xdr.TransactionMeta.fromXdr(sent.record.meta);
    if (meta?.type !== 'v4') throw new Error('no meta');
    expect(meta.v4.sorobanMeta).toBeNull();
    const [taken, paidBack] = meta.v4.events.map(({ event }) => scValToNative(event.body.v0.data));
    expect(taken + paidBack).toBe(sent.record?.feeChargedStroops);
    expect(paidBack).toBeLessThan(0n);
    expect(meta.v4.diagnosticEvents.length).toBeGreaterThan(0);
    expect(meta.v4.operations).toEqual([]);
  });
});

describe('what a contract transaction declares', () => {
  it('is refused at the door when it is beyond the network’s limits or its fee', () => {
    const refused = (change: (data: SorobanDataBuilder) => SorobanDataBuilder) =>
      resultOf(send(issuer, withData(prepared(issuer, mint(1n), '100000'), change)));
    const { limits } = networkProfiles.pubnet;
    expect(refused((data) => data.setResources(limits.txInstructions + 1, 1_000, 1_000))).toBe('txSorobanInvalid');
    expect(refused((data) => data.setResources(1_000_000, 1_000, limits.txWriteBytes + 1))).toBe('txSorobanInvalid');
    expect(refused((data) => data.setResourceFee(1_000n))).toBe('txSorobanInvalid');
    const line = (index: number) => {
      const contract = sac.address().toScAddress();
      const key = xdr.ScVal.scvU32(index);
      const durability = xdr.ContractDataDurability.persistent;
      return xdr.LedgerKey.contractData(new xdr.LedgerKeyContractData({ contract, key, durability }));
    };
    const many = Array.from({ length: limits.txWriteEntries + 1 }, (_, index) => line(index));
    expect(refused((data) => data.appendFootprint([], many))).toBe('txSorobanInvalid');
    expect(refused((data) => data.appendFootprint([line(1)], [line(1)]))).toBe('txSorobanInvalid');
  });

  it('must be enough for what it does', () => {
    const failed = (change: (data: SorobanDataBuilder) => SorobanDataBuilder) =>
      resultOf(send(issuer, withData(prepared(issuer, mint(1n), '100000'), change)));
    expect(failed((data) => data.setResources(100_000, 1_000, 1_000))).toBe('invokeHostFunctionResourceLimitExceeded');
    expect(failed((data) => data.setResources(3_000_000, 1_000, 10))).toBe('invokeHostFunctionResourceLimitExceeded');
    expect(failed((data) => data.setResources(3_000_000, 10, 1_000))).toBe('invokeHostFunctionResourceLimitExceeded');
    expect(failed((data) => data.setFootprint(data.getReadOnly(), []))).toBe('invokeHostFunctionTrapped');
    expect(failed((data) => data)).toBe('invokeHostFunctionSuccess');
  });

  it('stands alone: no memo, no second operation, no data without a contract', () => {
    const withMemo = prepared(issuer, mint(1n)).addMemo(Memo.text('no'));
    expect(resultOf(send(issuer, withMemo))).toBe('txSorobanInvalid');
    const bare = rig.build(issuer, [mint(1n)]);
    expect(resultOf(rig.submitSigned(bare))).toBe('txMalformed');
    const { seqNum } = rig.account(issuer);
    const classic = rig.build(issuer, [Operation.bumpSequence({ bumpTo: '0' })], { sequence: seqNum });
    const dressed = TransactionBuilder.cloneFrom(classic).setSorobanData(new SorobanDataBuilder().build());
    expect(resultOf(send(issuer, dressed))).toBe('txMalformed');
  });
});

describe('simulation', () => {
  it('changes nothing and tells what would change', () => {
    const before = rig.chain.history.latest().closed.hash;
    const simulated = simulate(rig.build(issuer, [mint(5n)]));
    expect(simulated.stateChanges?.length).toBeGreaterThan(0);
    expect(rig.chain.history.latest().closed.hash).toEqual(before);
    expect(simulated.results?.[0]?.auth?.length).toBe(1);
  });

  it('says why an invocation fails, with its events', () => {
    const simulated = simulate(rig.build(ann, [mint(-5n)]));
    expect(simulated.error).toContain('Error(');
    expect(simulated.transactionData).toBeUndefined();
    expect(simulated.events?.length).toBeGreaterThan(0);
  });

  it('records or enforces authorization as it is asked to', () => {
    const tx = rig.build(ann, [mint(5n)]);
    const recorded = simulate(tx);
    const entry = xdr.SorobanAuthorizationEntry.fromXdr(recorded.results?.[0]?.auth?.[0] ?? '', 'base64');
    expect(entry.credentials.type).toBe('sorobanCredentialsAddress');
    const { body } = mint(5n);
    if (body.type !== 'invokeHostFunction') throw new Error('no invocation');
    const unsigned = Operation.invokeHostFunction({ func: body.invokeHostFunctionOp.hostFunction, auth: [entry] });
    expect(simulate(rig.build(ann, [unsigned])).error).toBeDefined();
    expect(simulate(rig.build(ann, [unsigned]), { authMode: 'record' }).error).toContain('auth footprint');
    expect(simulate(tx, { authMode: 'sometimes' }).error).toContain('authMode');
    const upgraded = simulate(tx, { useUpgradedAuth: true }).results?.[0]?.auth?.[0] ?? '';
    expect(xdr.SorobanAuthorizationEntry.fromXdr(upgraded, 'base64').credentials.type).toBe(
      'sorobanCredentialsAddressV2',
    );
  });

  it('is only for contract operations', () => {
    const payment = Operation.payment({ destination: ann.publicKey(), asset: Asset.native(), amount: '1' });
    expect(simulate(rig.build(issuer, [payment])).error).toContain('unsupported operation type');
  });
});

describe('entries', () => {
  const holder = () => new Contract(Asset.native().contractId(rig.passphrase)).address().toString();

  function balanceKey(): xdr.LedgerKey {
    const contract = sac.address().toScAddress();
    const key = xdr.ScVal.scvVec([xdr.ScVal.scvSymbol('Balance'), new Address(holder()).toScVal()]);
    const durability = xdr.ContractDataDurability.persistent;
    return xdr.LedgerKey.contractData(new xdr.LedgerKeyContractData({ contract, key, durability }));
  }

  function extend(key: xdr.LedgerKey, extendTo: number): Submitted {
    const operation = Operation.extendFootprintTtl({ extendTo });
    return send(ann, preparedWith(ann, operation, new SorobanDataBuilder().setReadOnly([key])));
  }

  it('live longer when that is paid for', () => {
    run(issuer, mint(5n, holder()));
    const { record } = extend(balanceKey(), 1_000_000);
    expect(record?.successful).toBe(true);
    expect(liveUntil(balanceKey())).toBe((record?.ledger ?? 0) + 1_000_000);
    const untilBefore = liveUntil(balanceKey());
    expect(resultOf(extend(balanceKey(), 1_000))).toBe('extendFootprintTtlSuccess');
    expect(liveUntil(balanceKey())).toBe(untilBefore);
  });

  it('that are archived are brought back by the transaction that needs them', () => {
    run(issuer, mint(5n, holder()));
    expire(balanceKey());
    const { record } = run(issuer, mint(2n, holder()));
    expect(record?.successful).toBe(true);
    expect(liveUntil(balanceKey())).toBeGreaterThanOrEqual(
      (record?.ledger ?? 0) + entryLifetimes.minPersistentLedgers - 1,
    );
    const meta = record && xdr.TransactionMeta.fromXdr(record.meta);
    const changes = meta?.type === 'v4' ? (meta.v4.operations[0]?.changes ?? []) : [];
    expect(changes.map(({ type }) => type)).toContain('ledgerEntryRestored');
    const balance = simulate(rig.build(ann, [sac.call('balance', new Address(holder()).toScVal())]));
    expect(scValToNative(xdr.ScVal.fromXdr(balance.results?.[0]?.xdr ?? '', 'base64'))).toBe(7n);
  });

  it('that another transaction has brought back cost no second rent, whatever was declared', () => {
    run(issuer, mint(5n, holder()));
    expire(balanceKey());
    // Both are simulated while the entry is archived.
    const [first, second] = [0n, 1n].map((later) => {
      const sequence = rig.account(issuer).seqNum + later;
      const tx = rig.build(issuer, [mint(2n, holder())], { sequence });
      return rpc.assembleTransaction(tx, simulate(tx));
    });
    if (!first || !second) throw new Error('nothing was built');
    const fees = [first, second].map((builder) => {
      const { record } = send(issuer, builder);
      expect(record?.successful).toBe(true);
      return record ? xdr.TransactionResult.fromXdr(record.result).feeCharged : 0n;
    });
    const live = run(issuer, mint(2n, holder())).record;
    const usual = live ? xdr.TransactionResult.fromXdr(live.result).feeCharged : 0n;
    const [restoring = 0n, late = 0n] = fees;
    expect(late - usual).toBeLessThan((restoring - usual) / 2n);
  });

  it('that are archived fail a transaction that did not know', () => {
    run(issuer, mint(5n, holder()));
    const builder = prepared(issuer, mint(2n, holder()));
    expire(balanceKey());
    expect(resultOf(send(issuer, builder))).toBe('invokeHostFunctionEntryArchived');
  });

  it('that are archived can be restored by themselves', () => {
    run(issuer, mint(5n, holder()));
    expire(balanceKey());
    rig.chain.closeLedger();
    const footprint = new SorobanDataBuilder().setReadWrite([balanceKey()]);
    const sent = send(ann, preparedWith(ann, Operation.restoreFootprint({}), footprint));
    expect(resultOf(sent)).toBe('restoreFootprintSuccess');
    expect(liveUntil(balanceKey())).toBeGreaterThan(rig.chain.history.latest().sequence);
  });
});
