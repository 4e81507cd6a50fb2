import {
  Address,
  type Asset,
  Contract,
  type Keypair,
  nativeToScVal,
  Operation,
  SorobanDataBuilder,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { HostTrap } from '../../src/devnet/host-instance.ts';
import { entryLifetimes } from '../../src/devnet/network-profiles.ts';
import { type ChainRig, type Submitted, startChain } from './chain-rig.ts';
import { errorOf, errorsOf, metricsOf } from './diagnostic-errors.ts';
import { keypair, usdcOf } from './rig.ts';
import { resultOf, type SorobanRig, sorobanRig, withData } from './soroban-rig.ts';

/** What a contract transaction is told when it is refused or fails, besides its code. */

let rig: ChainRig;
let soroban: SorobanRig;
let issuer: Keypair;
let usdc: Asset;
let sac: Contract;
beforeEach(() => {
  rig = startChain();
  soroban = sorobanRig(rig);
  issuer = rig.fund('issuer', '10000');
  usdc = usdcOf(issuer);
  soroban.run(issuer, Operation.createStellarAssetContract({ asset: usdc }));
  sac = new Contract(usdc.contractId(rig.passphrase));
});

const i128 = (amount: bigint) => nativeToScVal(amount, { type: 'i128' });
/** Any contract: its balance is a contract data entry. */
const holder = () => usdcOf(keypair('other issuer')).contractId(rig.passphrase);
const mint = () => sac.call('mint', new Address(holder()).toScVal(), i128(5n));

function balanceKey(): xdr.LedgerKey {
  const contract = sac.address().toScAddress();
  const key = xdr.ScVal.scvVec([xdr.ScVal.scvSymbol('Balance'), new Address(holder()).toScVal()]);
  const durability = xdr.ContractDataDurability.persistent;
  return xdr.LedgerKey.contractData(new xdr.LedgerKeyContractData({ contract, key, durability }));
}

const issuerKey = () => xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId: issuer.xdrPublicKey() }));

type Change = (data: SorobanDataBuilder) => SorobanDataBuilder;

function tryWith(change: Change): Submitted {
  return soroban.send(issuer, withData(soroban.prepared(issuer, mint(), '100000'), change));
}

const limited = (instructions: number, reads: number, writes: number) =>
  tryWith((data) => data.setResources(instructions, reads, writes));

function archived(positions: number[]): Change {
  return (data) => {
    const restored = new xdr.SorobanResourcesExtV0({ archivedSorobanEntries: positions });
    const ext = xdr.SorobanTransactionDataExt.resourceExt(restored);
    return new SorobanDataBuilder(new xdr.SorobanTransactionData({ ...data.build(), ext }));
  };
}

describe('at the door', () => {
  it.each([
    ['unordered', [1, 0], 'ascending', 0],
    ['beyond the footprint', [9], 'beyond', 2],
    ['of no contract', [0], 'not persistent', 2],
  ] as const)('positions of archived entries that are %s are refused as such', (_, positions, text, numbers) => {
    const sent = tryWith((data) => archived([...positions])(data.setFootprint([], [issuerKey(), balanceKey()])));
    expect(resultOf(sent)).toBe('txSorobanInvalid');
    const told = errorOf(sent);
    expect(told).toMatchObject({ part: 'sceStorage', code: 'scecInvalidInput' });
    expect(told.text).toContain(text);
    expect(told.args.length).toBe(numbers);
  });

  it('a key of a type that no contract touches is told by its number', () => {
    const accountId = issuer.xdrPublicKey();
    const data = xdr.LedgerKey.data(new xdr.LedgerKeyData({ accountId, dataName: 'name' }));
    const sent = tryWith((builder) => builder.appendFootprint([data], []));
    expect(errorOf(sent)).toMatchObject({ part: 'sceStorage', code: 'scecUnexpectedType', args: [3n] });
  });

  it('the issuer’s line to its own asset is no key', () => {
    const line = new xdr.LedgerKeyTrustLine({ accountId: issuer.xdrPublicKey(), asset: usdc.toTrustLineXdrObject() });
    const sent = tryWith((builder) => builder.appendFootprint([xdr.LedgerKey.trustline(line)], []));
    expect(errorOf(sent)).toMatchObject({ part: 'sceStorage', code: 'scecInvalidInput' });
  });

  it('a key that comes twice is only looked for once the fee is enough', () => {
    const twice = (data: SorobanDataBuilder) => data.appendFootprint([issuerKey(), issuerKey()], []);
    expect(errorOf(tryWith(twice))).toMatchObject({ part: 'sceStorage', code: 'scecInvalidInput', args: [] });
    const told = errorOf(tryWith((data) => twice(data).setResourceFee(1_000n)));
    expect(told).toMatchObject({ part: 'sceValue', code: 'scecExceededLimit' });
    expect(told.args[0]).toBe(1_000n);
  });

  it('a contract of an asset that cannot be is refused without a code of its own', () => {
    const asset = xdr.Asset.assetTypeCreditAlphanum4(
      new xdr.AlphaNum4({ assetCode: xdr.AssetCode4.fromXdr(Buffer.from('A-B\0')), issuer: issuer.xdrPublicKey() }),
    );
    const create = xdr.HostFunction.hostFunctionTypeCreateContract(
      new xdr.CreateContractArgs({
        contractIdPreimage: xdr.ContractIdPreimage.contractIdPreimageFromAsset(asset),
        executable: xdr.ContractExecutable.contractExecutableStellarAsset(),
      }),
    );
    const operation = Operation.invokeHostFunction({ func: create, auth: [] });
    const data = new SorobanDataBuilder().setResources(1_000_000, 0, 0).setResourceFee(100_000n).build();
    const builder = TransactionBuilder.cloneFrom(rig.build(issuer, [operation], { fee: '200000' }));
    const sent = soroban.send(issuer, builder.setSorobanData(data));
    expect(sent.answer).toMatchObject({ status: 'ERROR', result: { result: { type: 'txFailed' } } });
    expect(errorOf(sent)).toMatchObject({ part: 'sceValue', code: 'scecInvalidInput' });
  });

  it.each([
    ['an extension of more than data and code', () => Operation.extendFootprintTtl({ extendTo: 9 }), 'readOnly'],
    ['an extension with something to write', () => Operation.extendFootprintTtl({ extendTo: 9 }), 'readWrite'],
    ['a restoration with something to read', () => Operation.restoreFootprint({}), 'readOnly'],
    ['a restoration of what never is archived', () => Operation.restoreFootprint({}), 'readWrite'],
  ] as const)('%s is malformed and told why', (_, operation, side) => {
    const data = new SorobanDataBuilder().setResources(0, 0, 0).setResourceFee(100_000n);
    if (side === 'readOnly') data.setReadOnly([issuerKey()]);
    else data.setReadWrite([issuerKey()]);
    const builder = TransactionBuilder.cloneFrom(rig.build(issuer, [operation()], { fee: '200000' }));
    const sent = soroban.send(issuer, builder.setSorobanData(data.build()));
    expect(resultOf(sent)).toMatch(/Malformed$/);
    expect(errorOf(sent)).toMatchObject({ part: 'sceStorage', code: 'scecInvalidInput', args: [] });
  });

  it('an extension beyond the longest life is told both', () => {
    const operation = Operation.extendFootprintTtl({ extendTo: entryLifetimes.maxLedgers });
    const data = new SorobanDataBuilder().setResources(0, 0, 0).setResourceFee(100_000n).build();
    const builder = TransactionBuilder.cloneFrom(rig.build(issuer, [operation], { fee: '200000' }));
    const { args } = errorOf(soroban.send(issuer, builder.setSorobanData(data)));
    expect(args).toEqual([BigInt(entryLifetimes.maxLedgers), BigInt(entryLifetimes.maxLedgers - 1)]);
  });
});

describe('when it is applied', () => {
  it.each([
    ['instructions', () => limited(100_000, 1_000, 1_000), 'instructions', 100_000n],
    ['bytes read', () => limited(3_000_000, 10, 1_000), 'read from the disk', 10n],
    ['bytes written', () => limited(3_000_000, 1_000, 10), 'written', 10n],
  ] as const)('more %s than declared fail it, and both numbers are told', (_, submit, text, declared) => {
    const sent = submit();
    expect(resultOf(sent)).toBe('invokeHostFunctionResourceLimitExceeded');
    const told = errorOf(sent);
    expect(told).toMatchObject({ part: 'sceBudget', code: 'scecExceededLimit' });
    expect(told.text).toContain(text);
    expect(told.args[1]).toBe(declared);
    expect(told.args[0]).toBeGreaterThan(declared);
  });

  it('a fee that does not cover rent fails it, and says what is missing', () => {
    const needed = BigInt(soroban.simulate(rig.build(issuer, [mint()])).minResourceFee ?? '0');
    const rent = tryWith((data) => data.setResourceFee(needed / 2n));
    expect(resultOf(rent)).toBe('invokeHostFunctionInsufficientRefundableFee');
    expect(errorOf(rent)).toMatchObject({ part: 'sceBudget', code: 'scecExceededLimit' });
    expect(errorOf(rent).text).toContain('rent');
    expect(rent.record?.successful).toBe(false);
  });

  it('an archived entry that it did not know of is named', () => {
    soroban.run(issuer, mint());
    const builder = soroban.prepared(issuer, mint());
    soroban.expire(balanceKey());
    const sent = soroban.send(issuer, builder);
    expect(resultOf(sent)).toBe('invokeHostFunctionEntryArchived');
    const told = errorOf(sent);
    expect(told).toMatchObject({ part: 'sceValue', code: 'scecInvalidInput' });
    expect(told.args[0]).toBe(sac.contractId());
  });

  it('a restoration of more bytes than it declared fails, and says how many there are', () => {
    soroban.run(issuer, mint());
    soroban.expire(balanceKey());
    const footprint = new SorobanDataBuilder().setReadWrite([balanceKey()]);
    const builder = soroban.preparedWith(issuer, Operation.restoreFootprint({}), footprint);
    const sent = soroban.send(
      issuer,
      withData(builder, (data) => data.setResources(0, 10, 1_000)),
    );
    expect(resultOf(sent)).toBe('restoreFootprintResourceLimitExceeded');
    expect(errorOf(sent).args[1]).toBe(10n);
  });

  it('an invocation ends with nineteen numbers of what it used', () => {
    const sent = soroban.run(issuer, mint());
    expect(errorsOf(sent)).toEqual([]);
    const metrics = metricsOf(sent);
    expect(Object.keys(metrics).length).toBe(19);
    const { readOnly, readWrite } = sent.record?.signed.sorobanData?.resources.footprint ?? {};
    expect(metrics.read_entry).toBe(BigInt((readOnly?.length ?? 0) + (readWrite?.length ?? 0)));
    expect(metrics.write_entry).toBe(1n);
    expect(metrics.write_code_byte).toBe(0n);
    expect(metrics.emit_event).toBe(1n);
    expect(metrics.cpu_insn).toBeGreaterThan(100_000n);
    expect(metrics.emit_event_byte).toBeGreaterThan(metrics.max_emit_event_byte ?? 0n);
  });

  it('one that failed tells what it had used by then', () => {
    const metrics = metricsOf(limited(100_000, 1_000, 1_000));
    expect(metrics.cpu_insn).toBeGreaterThan(100_000n);
    expect([metrics.write_entry, metrics.emit_event]).toEqual([0n, 0n]);
    expect(metricsOf(limited(3_000_000, 10, 1_000)).cpu_insn).toBe(0n);
  });

  it('a host that panics ends it as an internal error: the network’s fault, not the contract’s', () => {
    const { host } = rig.chain;
    const { on } = host;
    const builder = soroban.prepared(issuer, mint());
    host.on = (view, ask) =>
      on(view, (sound) => {
        const invoke = () => {
          throw new HostTrap('invoke', 'out of order', undefined);
        };
        return ask({ ...sound, invoke });
      });
    const sent = soroban.send(issuer, builder);
    host.on = on;
    expect(resultOf(sent)).toBe('txInternalError');
    expect(errorOf(sent)).toMatchObject({ part: 'sceValue', code: 'scecInternalError' });
    expect(resultOf(soroban.run(issuer, mint()))).toBe('invokeHostFunctionSuccess');
  });
});
