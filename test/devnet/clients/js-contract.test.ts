import { contract, hash, Operation } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, startRig, usdcOf } from '../rig.ts';
import { deployVault, vaultWasm } from './vault.ts';

/** Contracts as the SDK's typed clients, made from the interface on chain, see them. */

let rig: DevnetRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

describe('the contract of an asset', () => {
  it('is called through a typed client that signs and sends', async () => {
    const issuer = await rig.funded('issuer of the client');
    const alice = await rig.funded('alice of the client');
    const usdc = usdcOf(issuer);
    await rig.send(alice, Operation.changeTrust({ asset: usdc }));
    await rig.send(alice, Operation.createStellarAssetContract({ asset: usdc }));
    const client = (await rig.client(usdc.contractId(rig.devnet.passphrase), issuer)) as unknown as SacClient;
    const minted = await (await client.mint({ to: alice.publicKey(), amount: 70n })).signAndSend();
    expect(minted.getTransactionResponse?.status).toBe('SUCCESS');
    expect((await client.balance({ id: alice.publicKey() })).result).toBe(70n);
    expect((await client.name()).result).toBe(`USDC:${issuer.publicKey()}`);
    expect((await client.decimals()).result).toBe(7);
  });
});

type SacClient = {
  balance(args: { id: string }): Promise<contract.AssembledTransaction<bigint>>;
  mint(args: { to: string; amount: bigint }): Promise<contract.AssembledTransaction<null>>;
  name(): Promise<contract.AssembledTransaction<string>>;
  decimals(): Promise<contract.AssembledTransaction<number>>;
};

describe('a contract of wasm', () => {
  it('is uploaded, deployed with its constructor and called with a signature of somebody else', async () => {
    const [deployer, consumer] = [await rig.funded('deployer'), await rig.funded('consumer')];
    const { client, usdc } = await deployVault(rig, deployer, consumer);
    expect(Buffer.from(await rig.server.getContractWasmByHash(hash(vaultWasm))).equals(vaultWasm)).toBe(true);
    const byId = await rig.server.getContractWasmByContractId(client.options.contractId);
    expect(Buffer.from(byId).equals(vaultWasm)).toBe(true);

    const [from, account] = [consumer.publicKey(), deployer.publicKey()];
    const deposit = await client.deposit({ from, account, amount: 25_000_000n });
    expect(deposit.needsNonInvokerSigningBy()).toEqual([from]);
    const expiration = rig.devnet.latestLedger().sequence + 100;
    const signer = contract.basicNodeSigner(consumer, rig.devnet.passphrase);
    await deposit.signAuthEntries({ address: from, expiration, ...signer });
    const sent = await deposit.signAndSend();
    expect(sent.getTransactionResponse?.status).toBe('SUCCESS');
    expect((await client.account({ account })).result).toMatchObject({ balance: 25_000_000n });
    expect((await rig.server.getTrustline(from, usdc)).balance).toBe(65_000_000n);
  });

  it('has one interface, by its id, by the hash of its code and in the code itself', async () => {
    const [deployer, consumer] = [await rig.funded('read deployer'), await rig.funded('read consumer')];
    const { client } = await deployVault(rig, deployer, consumer);
    const options = { ...client.options, publicKey: deployer.publicKey() };
    const named = ({ spec }: contract.Client) => spec.funcs().map(({ name }) => String(name));
    const functions = named(client);
    expect(functions).toEqual(expect.arrayContaining(['deposit', 'withdraw', 'settle']));
    expect(named(await contract.Client.from(options))).toEqual(functions);
    expect(named(await contract.Client.fromWasmHash(hash(vaultWasm), options))).toEqual(functions);
    expect(named(await contract.Client.fromWasm(vaultWasm, options))).toEqual(functions);
  });

  it('refuses with an error that its interface names', async () => {
    const [deployer, consumer] = [await rig.funded('refusing deployer'), await rig.funded('refused consumer')];
    const { client } = await deployVault(rig, deployer, consumer);
    const [from, account] = [consumer.publicKey(), deployer.publicKey()];
    const { result } = await client.deposit({ from, account, amount: -1n });
    const invalid = client.spec.errorCases().find(({ name }) => String(name) === 'InvalidAmount');
    expect(invalid?.value).toBe(100);
    expect(result).toEqual(new contract.Err({ message: String(invalid?.doc) }));
  });

  it('is not sent when nobody signed for the one it takes from', async () => {
    const [deployer, consumer] = [await rig.funded('unsigned deployer'), await rig.funded('unsigned consumer')];
    const { client } = await deployVault(rig, deployer, consumer);
    const [from, account] = [consumer.publicKey(), deployer.publicKey()];
    const deposit = await client.deposit({ from, account, amount: 1n });
    await expect(deposit.signAndSend()).rejects.toThrow(contract.AssembledTransaction.Errors.NeedsMoreSignatures);
  });
});
