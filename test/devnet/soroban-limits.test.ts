import {
  Address,
  Contract,
  type Keypair,
  nativeToScVal,
  Operation,
  SorobanDataBuilder,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { createNetwork } from '../../src/devnet/ledger/network.ts';
import { type NetworkLimits, networkProfiles, type ProfileName } from '../../src/devnet/network-profiles.ts';
import { type ChainRig, type Submitted, startChain } from './chain-rig.ts';
import { errorOf } from './diagnostic-errors.ts';
import { keypair, usdcOf } from './rig.ts';
import { resultOf, type SorobanRig, sorobanRig, withData } from './soroban-rig.ts';

/** Every limit of a network, met by a transaction that goes just beyond it: its code and what it is told. */

let rig: ChainRig;
let soroban: SorobanRig;
let issuer: Keypair;
let sac: Contract;

function start(profile: ProfileName): NetworkLimits {
  rig = startChain({ network: createNetwork('a network for tests', 'seed', networkProfiles[profile]) });
  soroban = sorobanRig(rig);
  issuer = rig.fund('issuer', '10000');
  const usdc = usdcOf(issuer);
  soroban.run(issuer, Operation.createStellarAssetContract({ asset: usdc }));
  sac = new Contract(usdc.contractId(rig.passphrase));
  return networkProfiles[profile].limits;
}

const i128 = (amount: bigint) => nativeToScVal(amount, { type: 'i128' });
/** Any contract: its balance is a contract data entry. */
const holder = () => usdcOf(keypair('other issuer')).contractId(rig.passphrase);
const mint = () => sac.call('mint', new Address(holder()).toScVal(), i128(5n));

function dataKey(contract: xdr.ScAddress, key: xdr.ScVal, durability = xdr.ContractDataDurability.persistent) {
  return xdr.LedgerKey.contractData(new xdr.LedgerKeyContractData({ contract, key, durability }));
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => dataKey(sac.address().toScAddress(), xdr.ScVal.scvU32(index)));

const accounts = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId: keypair(`account ${index}`).xdrPublicKey() })),
  );

type Change = (data: SorobanDataBuilder) => SorobanDataBuilder;

function tryWith(change: Change, operation = mint()): Submitted {
  return soroban.send(issuer, withData(soroban.prepared(issuer, operation, '10000000'), change));
}

function resources(data: SorobanDataBuilder, change: Partial<Record<'instructions' | 'reads' | 'writes', number>>) {
  const { instructions, diskReadBytes, writeBytes } = data.build().resources;
  const { instructions: cpu = instructions, reads = diskReadBytes, writes = writeBytes } = change;
  return data.setResources(cpu, reads, writes);
}

type Refusal = { what: string; change(limits: NetworkLimits): Change; error: [string, string] };

/** One more than each network allows. */
const refusals: Refusal[] = [
  {
    what: 'instructions',
    change:
      ({ txInstructions }) =>
      (data) =>
        resources(data, { instructions: txInstructions + 1 }),
    error: ['sceBudget', 'scecExceededLimit'],
  },
  {
    what: 'bytes read from the disk',
    change:
      ({ txDiskReadBytes }) =>
      (data) =>
        resources(data, { reads: txDiskReadBytes + 1 }),
    error: ['sceStorage', 'scecExceededLimit'],
  },
  {
    what: 'bytes written',
    change:
      ({ txWriteBytes }) =>
      (data) =>
        resources(data, { writes: txWriteBytes + 1 }),
    error: ['sceStorage', 'scecExceededLimit'],
  },
  {
    what: 'entries in the footprint',
    change:
      ({ txFootprintEntries }) =>
      (data) =>
        data.setFootprint(numbered(txFootprintEntries + 1), []),
    error: ['sceStorage', 'scecExceededLimit'],
  },
  {
    what: 'entries written',
    change:
      ({ txWriteEntries }) =>
      (data) =>
        data.setFootprint([], numbered(txWriteEntries + 1)),
    error: ['sceStorage', 'scecExceededLimit'],
  },
  {
    what: 'bytes of a key',
    change: () => (data) => {
      const key = xdr.ScVal.scvBytes(new Uint8Array(250));
      return data.setFootprint([dataKey(sac.address().toScAddress(), key)], []);
    },
    error: ['sceStorage', 'scecExceededLimit'],
  },
];

describe.each(['pubnet', 'testnet'] as const)('a network of %s limits', (profile) => {
  let limits: NetworkLimits;
  beforeEach(() => {
    limits = start(profile);
  });

  it.each(refusals)('refuses more $what than it allows, saying both numbers', ({ what, change, error }) => {
    const sent = tryWith(change(limits));
    expect(resultOf(sent)).toBe('txSorobanInvalid');
    const told = errorOf(sent);
    expect([told.part, told.code], what).toEqual(error);
    expect(told.args.length).toBe(2);
    expect(told.args[0]).toBeGreaterThan(told.args[1] as bigint);
  });

  it('takes as much as it allows', () => {
    const sent = tryWith((data) => resources(data, { instructions: limits.txInstructions }).setResourceFee(9_000_000n));
    expect(resultOf(sent)).toBe('invokeHostFunctionSuccess');
  });

  it('refuses to read more entries from the disk than it allows', () => {
    const room = limits.txFootprintEntries > limits.txDiskReadEntries;
    const sent = tryWith((data) => data.setFootprint(accounts(limits.txDiskReadEntries + 1), []));
    expect(resultOf(sent)).toBe('txSorobanInvalid');
    // Where a footprint has no more entries than may be read, it is the footprint that is too large.
    expect(errorOf(sent).text).toContain(room ? 'disk read entries' : 'footprint entries');
  });

  it('fails an upload of a larger wasm without any code of its own', () => {
    const upload = Operation.uploadContractWasm({ wasm: Buffer.alloc(limits.wasmBytes + 1) });
    const data = new SorobanDataBuilder().setResources(1_000_000, 0, 0).setResourceFee(9_000_000n).build();
    const builder = TransactionBuilder.cloneFrom(rig.build(issuer, [upload], { fee: '10000000' }));
    const sent = soroban.send(issuer, builder.setSorobanData(data));
    expect(sent.answer).toMatchObject({ status: 'ERROR', result: { result: { type: 'txFailed' } } });
    expect(resultOf(sent)).toBe('invokeHostFunctionSuccess');
    expect(errorOf(sent)).toMatchObject({
      part: 'sceBudget',
      code: 'scecExceededLimit',
      args: [BigInt(limits.wasmBytes + 1), BigInt(limits.wasmBytes)],
    });
  });

  it('refuses a larger envelope than it allows', () => {
    const contract = sac.address().toScAddress();
    const args = [xdr.ScVal.scvBytes(new Uint8Array(limits.txBytes))];
    const call = new xdr.InvokeContractArgs({ contractAddress: contract, functionName: 'mint', args });
    const func = xdr.HostFunction.hostFunctionTypeInvokeContract(call);
    const data = new SorobanDataBuilder().setResources(1_000_000, 0, 0).setResourceFee(9_000_000n).build();
    const operation = Operation.invokeHostFunction({ func, auth: [] });
    const builder = TransactionBuilder.cloneFrom(rig.build(issuer, [operation], { fee: '10000000' }));
    const sent = soroban.send(issuer, builder.setSorobanData(data));
    expect(resultOf(sent)).toBe('txSorobanInvalid');
    const told = errorOf(sent);
    expect(told).toMatchObject({ part: 'sceBudget', code: 'scecExceededLimit' });
    expect(told.args[1]).toBe(BigInt(limits.txBytes));
  });
});

describe('a ledger', () => {
  it.each([
    ['pubnet', 6],
    ['testnet', 5],
  ] as const)('of %s limits has room for %d of six transactions that write 50 entries', (profile, fitting) => {
    start(profile);
    const { txWriteEntries } = networkProfiles.testnet.limits;
    const sources = Array.from({ length: 6 }, (_, index) => rig.fund(`source ${index}`));
    const built = sources.map((source) =>
      withData(soroban.prepared(source, mint(), '10000000'), (data) => data.setFootprint([], numbered(txWriteEntries))),
    );
    rig.chain.freeze(true);
    for (const [index, source] of sources.entries()) {
      const builder = built[index];
      if (builder) expect(soroban.send(source, builder).answer.status).toBe('PENDING');
    }
    expect(rig.chain.closeLedger().transactions.length).toBe(fitting);
    expect(rig.chain.closeLedger().transactions.length).toBe(6 - fitting);
  });
});
