import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Address, Asset, hash, nativeToScVal, scValToNative, xdr } from '@stellar/stellar-sdk';
import { beforeAll, describe, expect, it } from 'vitest';
import { HostRefusal } from '../../src/devnet/host-answers.ts';
import { createHostInstance, HostTrap } from '../../src/devnet/host-instance.ts';
import { compileSorobanHost } from '../../src/devnet/soroban-host.ts';
import {
  address,
  call,
  HostLedger,
  hex,
  hostPassphrase,
  i128,
  keypair,
  type Prepared,
  sourceOf,
} from '../support/host-ledger.ts';

const admin = keypair('admin');
const operator = keypair('operator');
const issuer = keypair('issuer');
const payer = keypair('payer');
const payee = keypair('payee');
const usdc = new Asset('USDC', issuer.publicKey());
const token = usdc.contractId(hostPassphrase);
const vaultWasm = readFileSync(new URL('../../contracts/dist/vault.wasm', import.meta.url));
const PERSISTENT_TTL = 120_960;

/** A ledger with the asset contract, the vault and a payer who holds 1,000 USDC. */
async function deployed(): Promise<{ ledger: HostLedger; vault: string }> {
  const ledger = new HostLedger();
  for (const key of [admin, operator, issuer, payer]) ledger.addAccount(key);
  addTrustline(ledger);
  const HostFunction = xdr.HostFunction;
  const fromAsset = xdr.ContractIdPreimage.contractIdPreimageFromAsset(usdc.toXdrObject());
  await ledger.run(
    HostFunction.hostFunctionTypeCreateContract(
      new xdr.CreateContractArgs({
        contractIdPreimage: fromAsset,
        executable: xdr.ContractExecutable.contractExecutableStellarAsset(),
      }),
    ),
    admin,
  );
  await ledger.run(call(token, 'mint', address(payer), i128(10_000_000_000n)), issuer);
  await ledger.run(HostFunction.hostFunctionTypeUploadContractWasm(vaultWasm), admin);
  const created = await ledger.run(
    HostFunction.hostFunctionTypeCreateContractV2(
      new xdr.CreateContractArgsV2({
        contractIdPreimage: xdr.ContractIdPreimage.contractIdPreimageFromAddress(
          new xdr.ContractIdPreimageFromAddress({
            address: Address.fromString(admin.publicKey()).toScAddress(),
            salt: new Uint8Array(32),
          }),
        ),
        executable: xdr.ContractExecutable.contractExecutableWasm(hash(vaultWasm)),
        constructorArgs: [address(admin), address(operator), address(token), address(admin), vaultConfig()],
      }),
    ),
    admin,
  );
  const vault = Address.fromScVal(created).toString();
  await ledger.run(call(vault, 'add_payee', address(payee)), admin);
  return { ledger, vault };
}

function addTrustline(ledger: HostLedger): void {
  const accountId = payer.xdrAccountId();
  const asset = usdc.toTrustLineXDRObject();
  ledger.put(
    xdr.LedgerKey.trustline(new xdr.LedgerKeyTrustLine({ accountId, asset })),
    xdr.LedgerEntryData.trustline(
      new xdr.TrustLineEntry({
        accountId,
        asset,
        balance: 0n,
        limit: 2n ** 63n - 1n,
        flags: 1,
        ext: xdr.TrustLineEntryExt.v0(),
      }),
    ),
  );
}

function vaultConfig(): xdr.ScVal {
  const u64 = (value: number) => nativeToScVal(value, { type: 'u64' });
  const u32 = (value: number) => nativeToScVal(value, { type: 'u32' });
  return struct({
    default_limit: i128(10_000_000_000n),
    fee_bps: u32(0),
    lanes: u32(32),
    limit_period_s: u64(86_400),
    min_deposit: i128(1n),
    upgrade_delay_s: u64(1_209_600),
    withdraw_delay_s: u64(604_800),
  });
}

/** A contract struct: a map with its keys sorted. */
function struct(fields: Record<string, xdr.ScVal>): xdr.ScVal {
  const entries = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return xdr.ScVal.scvMap(entries.map(([name, val]) => new xdr.ScMapEntry({ key: xdr.ScVal.scvSymbol(name), val })));
}

const deposit = (vault: string, amount: bigint) => call(vault, 'deposit', address(payer), address(payer), i128(amount));

function settle(vault: string, amount: bigint) {
  const line = struct({ account: address(payer), amount: i128(amount) });
  const group = struct({ payee: address(payee), lines: xdr.ScVal.scvVec([line]) });
  return call(
    vault,
    'settle',
    nativeToScVal(0, { type: 'u32' }),
    nativeToScVal(1, { type: 'u64' }),
    xdr.ScVal.scvBytes(new Uint8Array(32).fill(7)),
    xdr.ScVal.scvVec([group]),
  );
}

describe('the Soroban host', () => {
  let ledger: HostLedger;
  let vault: string;

  beforeAll(async () => {
    ({ ledger, vault } = await deployed());
  });

  const balance = async (): Promise<bigint> => {
    const account = scValToNative(await ledger.run(call(vault, 'account', address(payer)), admin));
    return account.balance;
  };

  it('runs a deposit that its payer signed, for a transaction that somebody else sends', async () => {
    const before = await balance();
    await ledger.run(deposit(vault, 500n), admin, [payer]);
    expect((await balance()) - before).toBe(500n);
  });

  it('settles what an account holds and says so in one event', async () => {
    await ledger.run(deposit(vault, 1_000n), admin, [payer]);
    const before = await balance();
    const invocation = ledger.invoke(
      settle(vault, 300n),
      operator,
      await ledger.prepare(settle(vault, 300n), operator),
    );
    ledger.apply(invocation);
    expect(before - (await balance())).toBe(300n);
    const events = invocation.contractEvents.map((event) => xdr.ContractEvent.fromXdr(event));
    expect(events.map((event) => scValToNative(event.body.v0.topics[0] ?? xdr.ScVal.scvVoid()))).toEqual(['settled']);
  });

  it('refuses an authorization whose signature was tampered with', async () => {
    const { auth } = await ledger.prepare(deposit(vault, 5n), admin, [payer]);
    const tampered = Uint8Array.from(auth[0] ?? []);
    const signature = Buffer.from(tampered).lastIndexOf('signature') + 20;
    tampered[signature] = (tampered[signature] ?? 0) ^ 1;
    const simulation = ledger.simulate(deposit(vault, 5n), admin, { authMode: 'enforce', auth: [tampered] });
    expect(simulation.ok).toBe(false);
    expect(simulation.transactionData).toBeUndefined();
  });

  it('gives the error of a contract as a value, and what happened as diagnostic events', async () => {
    const simulation = ledger.simulate(deposit(vault, -1n), admin);
    if (simulation.ok) throw new Error('a negative deposit went through');
    const error = xdr.ScVal.fromXdr(simulation.error);
    expect(error.type === 'scvError' && error.error.type).toBe('sceContract');
    expect(simulation.diagnosticEvents.length).toBeGreaterThan(0);
  });

  it('stamps the entries it wrote with the ledger that wrote them', async () => {
    const invocation = ledger.invoke(deposit(vault, 1n), payer, await ledger.prepare(deposit(vault, 1n), payer));
    const written = invocation.changes.flatMap((change) => (change.entry ? [change.entry] : []));
    const sequences = written.map((entry) => xdr.LedgerEntry.fromXdr(entry).lastModifiedLedgerSeq);
    expect(new Set(sequences)).toEqual(new Set([ledger.header.sequence]));
    expect(written.length).toBe(invocation.usage.writeEntries);
  });

  it('counts what a ledger needs for its limits', async () => {
    const prepared = await ledger.prepare(deposit(vault, 1n), admin, [payer]);
    const { usage, contractEvents, ...invocation } = ledger.invoke(deposit(vault, 1n), admin, prepared);
    if (!invocation.ok) throw new Error(invocation.text);
    const written = invocation.changes.map((change) => change.entry?.length ?? 0);
    expect(usage.writeBytes).toBe(written.reduce((sum, bytes) => sum + bytes, 0));
    expect(usage.writeBytes).toBeLessThanOrEqual(prepared.data.resources.writeBytes);
    // Only the payer's account and trustline are read from disk; simulation declares room for the account to grow.
    const classic = prepared.data.resources.footprint.readWrite.concat(prepared.data.resources.footprint.readOnly);
    const read = classic
      .filter((key) => key.type === 'account' || key.type === 'trustline')
      .map((key) => ledger.entries.get(hex(key.toXdr()))?.entry.length ?? 0);
    expect(usage.diskReadEntries).toBe(read.length);
    expect(usage.diskReadBytes).toBe(read.reduce((sum, bytes) => sum + bytes, 0));
    expect(usage.diskReadBytes).toBeLessThanOrEqual(prepared.data.resources.diskReadBytes);
    expect(usage.instructions).toBeLessThanOrEqual(prepared.data.resources.instructions);
    const events = contractEvents.reduce((sum, event) => sum + event.length, 0);
    expect(usage.eventsBytes).toBe(events + invocation.returnValue.length);
  });

  it('fails an invocation that needs more instructions than it declared', async () => {
    const { data, auth } = await ledger.prepare(deposit(vault, 1n), admin, [payer]);
    const resources = new xdr.SorobanResources({ ...data.resources, instructions: 100_000 });
    const starved: Prepared = { data: new xdr.SorobanTransactionData({ ...data, resources }), auth };
    const invocation = ledger.invoke(deposit(vault, 1n), admin, starved);
    expect(invocation).toMatchObject({ ok: false, reason: 'resource_limit_exceeded', changes: [] });
  });

  it('fails an invocation that touches an entry outside its footprint', async () => {
    const { data, auth } = await ledger.prepare(deposit(vault, 1n), admin, [payer]);
    const footprint = new xdr.LedgerFootprint({ readOnly: data.resources.footprint.readOnly, readWrite: [] });
    const resources = new xdr.SorobanResources({ ...data.resources, footprint });
    const narrow: Prepared = { data: new xdr.SorobanTransactionData({ ...data, resources }), auth };
    const invocation = ledger.invoke(deposit(vault, 1n), admin, narrow);
    expect(invocation).toMatchObject({ ok: false, reason: 'trapped', changes: [] });
  });

  it('adds at least the instruction leeway a client asks for', () => {
    const view = call(vault, 'version');
    const declared = (simulation: ReturnType<typeof ledger.simulate>) =>
      xdr.SorobanTransactionData.fromXdr(simulation.transactionData ?? new Uint8Array()).resources.instructions;
    const generous = ledger.simulate(view, admin, { instructionLeeway: 5_000_000 });
    expect(declared(generous)).toBe(generous.instructions + 5_000_000);
  });

  it('charges for the size of a transaction by the kilobyte', () => {
    const nothing = { instructions: 0, diskReadEntries: 0, writeEntries: 0, diskReadBytes: 0, writeBytes: 0 };
    // 724 bytes and the 300 of a result are 1 KB of history; bandwidth is 724/1024 of 406, rounded up.
    expect(ledger.host.resourceFee({ ...nothing, eventsBytes: 1024, transactionBytes: 724 })).toEqual({
      nonRefundableStroops: 4_059n + 288n,
      refundableStroops: 5_000n,
    });
  });
});

describe('the settings of the network', () => {
  it('are read once and again after a reset', () => {
    const ledger = new HostLedger();
    ledger.addAccount(admin);
    const settings = () => ledger.lookups.filter((key) => key.startsWith('00000008')).length;
    ledger.simulate(call(token, 'decimals'), admin);
    ledger.simulate(call(token, 'decimals'), admin);
    expect(settings()).toBe(10);
    ledger.host.reset();
    ledger.simulate(call(token, 'decimals'), admin);
    expect(settings()).toBe(20);
  });

  it('must be in the ledger', () => {
    const ledger = new HostLedger();
    ledger.entries.clear();
    expect(() => ledger.simulate(call(token, 'decimals'), admin)).toThrow(/ContractComputeV0 is not present/);
  });
});

describe('entries that expired', () => {
  const instanceOf = (contract: string) =>
    xdr.LedgerKey.contractData(
      new xdr.LedgerKeyContractData({
        contract: Address.fromString(contract).toScAddress(),
        key: xdr.ScVal.scvLedgerKeyContractInstance(),
        durability: xdr.ContractDataDurability.persistent,
      }),
    ).toXdr();

  it('fail an invocation that does not restore them, and are restored by one that does', async () => {
    const { ledger, vault } = await deployed();
    ledger.advance(PERSISTENT_TTL * 30);
    const view = call(vault, 'version');
    const prepared = await ledger.prepare(view, admin);
    const { ext, ...data } = prepared.data;
    expect(ext.type === 'resourceExt' && ext.resourceExt.archivedSorobanEntries.length).toBeGreaterThan(0);

    const forgetful = new xdr.SorobanTransactionData({ ...data, ext: xdr.SorobanTransactionDataExt.v0() });
    const failed = ledger.invoke(view, admin, { ...prepared, data: forgetful });
    expect(failed).toMatchObject({ ok: false, reason: 'entry_archived', changes: [] });

    const restored = ledger.invoke(view, admin, prepared);
    ledger.apply(restored);
    expect(restored.ok && restored.usage.diskReadEntries).toBeGreaterThan(0);
    const lives = ledger.entries.get(hex(instanceOf(vault)))?.liveUntil;
    expect(lives).toBe(ledger.header.sequence + PERSISTENT_TTL - 1);
  });

  it('are restored by the operation for that, for the rent of a new entry', async () => {
    const { ledger, vault } = await deployed();
    const key = instanceOf(vault);
    expect(ledger.host.restore(ledger.header, [key])).toEqual({ changes: [], rentFeeStroops: 0n });
    ledger.advance(PERSISTENT_TTL * 30);
    const simulated = ledger.host.simulateRestore(ledger.header, [key]);
    expect(simulated.ok).toBe(true);
    const { changes, rentFeeStroops } = ledger.host.restore(ledger.header, [key]);
    const after = ledger.header.sequence + PERSISTENT_TTL - 1;
    expect(changes).toEqual([{ key, before: 0, after, entryBytes: ledger.entries.get(hex(key))?.entry.length }]);
    expect(rentFeeStroops).toBeGreaterThan(0n);
  });

  it('cannot be extended, living ones can', async () => {
    const { ledger, vault } = await deployed();
    const key = instanceOf(vault);
    const before = ledger.entries.get(hex(key))?.liveUntil ?? 0;
    const extendTo = 1_000_000;
    expect(ledger.host.simulateExtendTtl(ledger.header, [key], extendTo).ok).toBe(true);
    const { changes } = ledger.host.extendTtl(ledger.header, [key], extendTo);
    expect(changes).toMatchObject([{ before, after: ledger.header.sequence + extendTo }]);

    ledger.advance(PERSISTENT_TTL * 30);
    const refused = ledger.host.simulateExtendTtl(ledger.header, [key], extendTo);
    expect(!refused.ok && refused.text).toMatch(/must be restored/);
    expect(ledger.host.extendTtl(ledger.header, [key], extendTo).changes).toEqual([]);
  });
});

describe('a broken call', () => {
  it('with bytes that are not XDR is refused and does no harm', () => {
    const ledger = new HostLedger();
    const request = { hostFunction: randomBytes(40), source: sourceOf(admin), seed: randomBytes(32) };
    expect(() => ledger.host.simulate(ledger.header, { ...request, authMode: 'record' })).toThrow(HostRefusal);
    expect(() => ledger.host.restore(ledger.header, [randomBytes(9)])).toThrow(/not valid XDR/);
    expect(ledger.simulate(call(token, 'decimals'), admin).ok).toBe(false);
  });

  it('with another protocol version than the host implements fails', () => {
    const ledger = new HostLedger();
    ledger.addAccount(admin);
    ledger.header.protocolVersion += 1;
    expect(ledger.simulate(call(token, 'decimals'), admin).ok).toBe(false);
  });

  it('gives the text of a panic, and the next call runs in a fresh copy that remembers nothing', () => {
    const ledger = new HostLedger();
    let lookups = 0;
    const instance = createHostInstance({
      module: compileSorobanHost(),
      ledgerGet: (key) => {
        lookups += 1;
        return ledger.entries.get(hex(key));
      },
    });
    const settingsReadBy = (run: () => unknown): number => {
      lookups = 0;
      run();
      return lookups;
    };
    const fee = () => instance.call('resource_fee', new Uint8Array(28));
    expect([settingsReadBy(fee), settingsReadBy(fee)]).toEqual([10, 0]);
    expect(() => instance.crash()).toThrow(HostTrap);
    expect(() => instance.crash()).toThrow(/crash was called/);
    expect(settingsReadBy(fee)).toBe(10);
  });

  it('passes on what the ledger threw, and the next call runs in a fresh copy', () => {
    const ledger = new HostLedger();
    const instance = createHostInstance({
      module: compileSorobanHost(),
      ledgerGet: (key) => {
        const found = ledger.entries.get(hex(key));
        if (!found) throw new Error('the disk is gone');
        return found;
      },
    });
    ledger.entries.clear();
    expect(() => instance.call('resource_fee', new Uint8Array(28))).toThrow(/the disk is gone/);
    for (const [key, entry] of new HostLedger().entries) ledger.entries.set(key, entry);
    expect(instance.call('resource_fee', new Uint8Array(28)).length).toBe(20);
  });
});
