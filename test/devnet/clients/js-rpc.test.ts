import { readFileSync } from 'node:fs';
import {
  Address,
  type Asset,
  contract,
  hash,
  nativeToScVal,
  Operation,
  scValToNative,
  TransactionBuilder,
} from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, keypair, startRig, usdcOf } from './rig.ts';

/** The embedded network as the unchanged SDK sees it over HTTP. */

let rig: DevnetRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const i128 = (amount: bigint) => nativeToScVal(amount, { type: 'i128' });
const symbol = (text: string) => nativeToScVal(text, { type: 'symbol' }).toXdr('base64');

describe('the network', () => {
  it('says who it is and that it is healthy', async () => {
    expect(await rig.server.getHealth()).toMatchObject({ status: 'healthy', oldestLedger: 1 });
    expect(await rig.server.getNetwork()).toMatchObject({ passphrase: rig.devnet.passphrase, protocolVersion: 27 });
    expect((await rig.server.getVersionInfo()).protocolVersion).toBe(27);
    expect((await rig.server.getFeeStats()).sorobanInclusionFee).toMatchObject({ min: '0', ledgerCount: 0 });
  });

  it('gives ledgers that the SDK can decode, linked by their hashes', async () => {
    await rig.devnet.closeLedger();
    const { ledgers } = await rig.server.getLedgers({ startLedger: 1, pagination: { limit: 5 } });
    expect(ledgers.length).toBeGreaterThan(1);
    for (const [index, ledger] of ledgers.entries()) {
      expect(Buffer.from(hash(ledger.headerXdr.header.toXdr())).toString('hex')).toBe(ledger.hash);
      const previous = ledgers[index - 1];
      if (previous) expect(ledger.headerXdr.header.previousLedgerHash.toString()).toBe(previous.hash);
    }
    const latest = await rig.server.getLatestLedger();
    expect(latest.sequence).toBe(rig.devnet.latestLedger().sequence);
  });
});

describe('classic and contract movements of one asset', () => {
  it('act on the same trustlines and tell the same kind of event', async () => {
    const issuer = await rig.funded('issuer');
    const alice = await rig.funded('alice');
    const bob = await rig.funded('bob');
    const usdc = usdcOf(issuer);
    const sac = usdc.contractId(rig.devnet.passphrase);
    for (const who of [alice, bob]) await rig.send(who, Operation.changeTrust({ asset: usdc }));
    const payment = { destination: alice.publicKey(), asset: usdc, amount: '1000' };
    await rig.send(issuer, Operation.payment(payment));
    const created = await rig.send(alice, Operation.createStellarAssetContract({ asset: usdc }));
    expect('returnValue' in created && created.returnValue && scValToNative(created.returnValue)).toBe(sac);

    const classic = await rig.send(
      alice,
      Operation.payment({ destination: bob.publicKey(), asset: usdc, amount: '1' }),
    );
    const args = [alice, bob].map((who) => new Address(who.publicKey()).toScVal());
    const transfer = { contract: sac, function: 'transfer', args: [...args, i128(50_000_000n)] };
    const contract = await rig.send(alice, Operation.invokeContractFunction(transfer));
    expect([classic.status, contract.status]).toEqual(['SUCCESS', 'SUCCESS']);

    const bobs = await rig.server.getTrustline(bob.publicKey(), usdc);
    expect(bobs.balance).toBe(60_000_000n);
    const client = await rig.client(sac, alice);
    const asked = await (client as unknown as SacClient).balance({ id: bob.publicKey() });
    expect(asked.result).toBe(60_000_000n);

    const { events } = await rig.server.getEvents({
      startLedger: 1,
      filters: [{ type: 'contract', contractIds: [sac], topics: [[symbol('transfer'), '**']] }],
    });
    expect(events.map(({ txHash, value }) => [txHash, scValToNative(value)])).toEqual([
      [classic.txHash, 10_000_000n],
      [contract.txHash, 50_000_000n],
    ]);
  });

  it('are called through a typed client that signs and sends', async () => {
    const issuer = await rig.funded('issuer of the client');
    const alice = await rig.funded('alice of the client');
    const usdc = usdcOf(issuer);
    await rig.send(alice, Operation.changeTrust({ asset: usdc }));
    await rig.send(alice, Operation.createStellarAssetContract({ asset: usdc }));
    const client = (await rig.client(usdc.contractId(rig.devnet.passphrase), issuer)) as unknown as SacClient;
    const minted = await (await client.mint({ to: alice.publicKey(), amount: 70n })).signAndSend();
    expect(minted.getTransactionResponse?.status).toBe('SUCCESS');
    expect((await client.balance({ id: alice.publicKey() })).result).toBe(70n);
  });
});

type Assembled<Result> = Promise<{
  result: Result;
  signAndSend(): Promise<{ getTransactionResponse?: { status: string } }>;
}>;
type SacClient = {
  balance(args: { id: string }): Assembled<bigint>;
  mint(args: { to: string; amount: bigint }): Assembled<null>;
};

describe('contracts', () => {
  const wasm = readFileSync(new URL('../../contracts/dist/vault.wasm', import.meta.url));

  it('are uploaded, deployed with their constructor and called with a signature of somebody else', async () => {
    const deployer = await rig.funded('deployer');
    const consumer = await rig.funded('consumer');
    const usdc = usdcOf(deployer);
    expect((await rig.send(deployer, Operation.uploadContractWasm({ wasm }))).status).toBe('SUCCESS');
    expect(Buffer.from(await rig.server.getContractWasmByHash(hash(wasm))).equals(wasm)).toBe(true);
    await rig.send(consumer, Operation.changeTrust({ asset: usdc }));
    await rig.send(deployer, Operation.createStellarAssetContract({ asset: usdc }));
    await rig.send(deployer, Operation.payment({ destination: consumer.publicKey(), asset: usdc, amount: '9' }));

    const client = (await rig.deploy(deployer, hash(wasm), vaultArguments(usdc))) as unknown as VaultClient;
    const [from, account] = [consumer.publicKey(), deployer.publicKey()];
    const deposit = await client.deposit({ from, account, amount: 25_000_000n });
    expect(deposit.needsNonInvokerSigningBy()).toEqual([from]);
    const expiration = rig.devnet.latestLedger().sequence + 100;
    await deposit.signAuthEntries({
      address: from,
      expiration,
      ...contract.basicNodeSigner(consumer, rig.devnet.passphrase),
    });
    const sent = await deposit.signAndSend();
    expect(sent.getTransactionResponse?.status).toBe('SUCCESS');
    expect((await client.account({ account })).result).toMatchObject({ balance: 25_000_000n });
    expect((await rig.server.getTrustline(from, usdc)).balance).toBe(65_000_000n);
  });

  function vaultArguments(token: Asset): Record<string, unknown> {
    const [admin, operator, treasury] = ['vault admin', 'vault operator', 'vault treasury'].map((name) =>
      keypair(name).publicKey(),
    );
    const config = {
      fee_bps: 0,
      withdraw_delay_s: 86_400n,
      upgrade_delay_s: 172_800n,
      default_limit: 1_000_000_000n,
      limit_period_s: 86_400n,
      min_deposit: 1n,
      lanes: 1,
    };
    return { admin, operator, token: token.contractId(rig.devnet.passphrase), treasury, config };
  }
});

type VaultClient = {
  deposit(args: { from: string; account: string; amount: bigint }): Promise<contract.AssembledTransaction<null>>;
  account(args: { account: string }): Promise<contract.AssembledTransaction<{ balance: bigint }>>;
};

describe('fee bumps', () => {
  it('are paid by their source and found by both hashes', async () => {
    const sender = await rig.funded('bumped');
    const sponsor = await rig.funded('sponsor');
    const before = await rig.server.getAccountEntry(sender.publicKey());
    const inner = await rig.build(sender, [Operation.manageData({ name: 'k', value: 'v' })]);
    inner.sign(sender);
    const bump = TransactionBuilder.buildFeeBumpTransaction(sponsor, '300', inner, rig.devnet.passphrase);
    bump.sign(sponsor);
    const { hash: outer } = await rig.server.sendTransaction(bump);
    const found = await rig.server.getTransaction(outer);
    expect(found).toMatchObject({ status: 'SUCCESS', feeBump: true });
    const innerHash = Buffer.from(inner.hash()).toString('hex');
    expect((await rig.server.getTransaction(innerHash)).status).toBe('SUCCESS');
    const after = await rig.server.getAccountEntry(sender.publicKey());
    expect(after.balance).toBe(before.balance);
    expect((await rig.server.getAccountEntry(sponsor.publicKey())).balance).toBe(100_000_000_000n - 200n);
  });
});

describe('refusals', () => {
  it('name the network’s own result codes', async () => {
    const who = await rig.funded('refused');
    const stranger = await rig.funded('stranger');
    const codeOf = async (tx: Parameters<typeof rig.server.sendTransaction>[0]) => {
      const sent = await rig.server.sendTransaction(tx);
      return sent.errorResult?.result.type ?? sent.status;
    };
    const operations = [Operation.bumpSequence({ bumpTo: '0' })];
    const unsigned = await rig.build(who, operations);
    expect(await codeOf(unsigned)).toBe('txBadAuth');
    const twice = await rig.build(who, operations);
    twice.sign(who, stranger);
    expect(await codeOf(twice)).toBe('txBadAuthExtra');
    const cheap = await rig.build(who, operations, '99');
    cheap.sign(who);
    expect(await codeOf(cheap)).toBe('txInsufficientFee');
    const good = await rig.build(who, operations);
    good.sign(who);
    expect(await codeOf(good)).toBe('PENDING');
    const late = await rig.build(who, operations);
    late.sign(who);
    await rig.devnet.advanceTime(61);
    expect(await codeOf(late)).toBe('txTooLate');
  });
});
