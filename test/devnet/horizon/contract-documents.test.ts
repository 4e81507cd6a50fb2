import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  Address,
  Asset,
  Contract,
  nativeToScVal,
  Operation,
  SorobanDataBuilder,
  TransactionBuilder,
  type xdr,
} from '@stellar/stellar-sdk';
import { expect, it } from 'vitest';
import { expectDocuments, listedUnder, sendAll } from './document-rig.ts';
import { startHorizonRig } from './horizon-rig.ts';

it('contracts: code, instances, calls and what they moved', async () => {
  await using rig = await startHorizonRig();
  const [ann, bob] = [await rig.funded('ann'), await rig.funded('bob')];
  const [a, b] = [ann.publicKey(), bob.publicKey()];
  const wasm = readFileSync(path.resolve(import.meta.dirname, '../../../contracts/dist/vault.wasm'));
  const common = { source_account: a, type: 'invoke_host_function', type_i: 24 };
  const uploaded = await sendAll(rig, [ann], [Operation.uploadContractWasm({ wasm })]);
  await expectDocuments(rig, uploaded, {
    ...common,
    function: 'HostFunctionTypeHostFunctionTypeUploadContractWasm',
    parameters: null,
    address: '',
    salt: '',
    asset_balance_changes: null,
  });
  const asset = await sendAll(rig, [ann], [Operation.createStellarAssetContract({ asset: Asset.native() })]);
  await expectDocuments(rig, asset, {
    ...common,
    function: 'HostFunctionTypeHostFunctionTypeCreateContract',
    parameters: null,
    address: '',
    salt: '',
    asset_balance_changes: null,
  });
  const token = Asset.native().contractId(rig.devnet.passphrase);
  const args = [Address.fromString(a).toScVal(), Address.fromString(b).toScVal(), nativeToScVal(5n, { type: 'i128' })];
  const moved = await sendAll(
    rig,
    [ann],
    [Operation.invokeContractFunction({ contract: token, function: 'transfer', args })],
  );
  await expectDocuments(rig, moved, {
    ...common,
    function: 'HostFunctionTypeHostFunctionTypeInvokeContract',
    parameters: [
      { value: Address.fromString(token).toScVal().toXdr('base64'), type: 'Address' },
      { value: nativeToScVal('transfer', { type: 'symbol' }).toXdr('base64'), type: 'Sym' },
      ...args.map((arg, index) => ({ value: arg.toXdr('base64'), type: index === 2 ? 'I128' : 'Address' })),
    ],
    address: '',
    salt: '',
    asset_balance_changes: [{ asset_type: 'native', type: 'transfer', from: a, to: b, amount: '0.0000005' }],
  });
  expect(await listedUnder(rig, b)).toContain(moved.documents[0]?.id);
});

it('a new contract tells whose it is, its salt as a number, and the arguments of its constructor', async () => {
  await using rig = await startHorizonRig();
  const ann = await rig.funded('ann');
  const a = ann.publicKey();
  const wasm = readFileSync(path.resolve(import.meta.dirname, '../../../contracts/dist/vault.wasm'));
  await sendAll(rig, [ann], [Operation.uploadContractWasm({ wasm })]);
  await sendAll(rig, [ann], [Operation.createStellarAssetContract({ asset: Asset.native() })]);
  const salt = Buffer.alloc(32);
  salt[31] = 12;
  const constructorArgs = vaultArguments(a, Asset.native().contractId(rig.devnet.passphrase));
  const address = Address.fromString(a);
  const wasmHash = createHash('sha256').update(wasm).digest();
  const sent = await sendAll(
    rig,
    [ann],
    [Operation.createCustomContract({ address, wasmHash, salt, constructorArgs })],
  );
  await expectDocuments(rig, sent, {
    source_account: a,
    type: 'invoke_host_function',
    type_i: 24,
    function: 'HostFunctionTypeHostFunctionTypeCreateContractV2',
    parameters: constructorArgs.map((arg, index) => ({
      value: arg.toXdr('base64'),
      type: index === constructorArgs.length - 1 ? 'Map' : 'Address',
    })),
    address: a,
    salt: '12',
    asset_balance_changes: null,
  });
});

it('a longer life, and a return from the archive', async () => {
  await using rig = await startHorizonRig();
  const ann = await rig.funded('ann');
  const a = ann.publicKey();
  await sendAll(rig, [ann], [Operation.createStellarAssetContract({ asset: Asset.native() })]);
  const key = new Contract(Asset.native().contractId(rig.devnet.passphrase)).getFootprint();
  const withKey = async (operation: xdr.Operation, data: SorobanDataBuilder) => {
    const built = TransactionBuilder.cloneFrom(await rig.build(ann, [operation]))
      .setSorobanData(data.build())
      .build();
    const tx = await rig.server.prepareTransaction(built);
    tx.sign(ann);
    const { hash } = await rig.server.sendTransaction(tx);
    await rig.server.pollTransaction(hash);
    return (await rig.json(`/transactions/${hash}/operations`))._embedded.records;
  };
  const extended = await withKey(
    Operation.extendFootprintTtl({ extendTo: 200_000 }),
    new SorobanDataBuilder().setReadOnly([key]),
  );
  expect(extended).toMatchObject([{ source_account: a, type: 'extend_footprint_ttl', type_i: 25, extend_to: 200_000 }]);
  const restored = await withKey(Operation.restoreFootprint({}), new SorobanDataBuilder().setReadWrite([key]));
  expect(restored).toMatchObject([{ source_account: a, type: 'restore_footprint', type_i: 26 }]);
});

/** Admin, operator, token, treasury, terms. */
function vaultArguments(admin: string, token: string): xdr.ScVal[] {
  const terms = {
    fee_bps: [100, 'u32'],
    withdraw_delay_s: [86_400n, 'u64'],
    upgrade_delay_s: [172_800n, 'u64'],
    default_limit: [1_000_000n, 'i128'],
    limit_period_s: [86_400n, 'u64'],
    min_deposit: [10n, 'i128'],
    lanes: [32, 'u32'],
  } as const;
  const values = Object.fromEntries(Object.entries(terms).map(([name, [value]]) => [name, value]));
  const types = Object.fromEntries(Object.entries(terms).map(([name, [, type]]) => [name, ['symbol', type]]));
  const addresses = [admin, admin, token, admin].map((address) => Address.fromString(address).toScVal());
  return [...addresses, nativeToScVal(values, { type: types as never })];
}
