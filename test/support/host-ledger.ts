import { createHash, randomBytes } from 'node:crypto';
import { Address, authorizeEntry, hash, Keypair, nativeToScVal, xdr } from '@stellar/stellar-sdk';
import type { Invocation, Simulation } from '../../src/devnet/host-answers.ts';
import type { StoredEntry } from '../../src/devnet/host-instance.ts';
import type { LedgerHeader, SimulateRequest } from '../../src/devnet/host-requests.ts';
import { networkProfiles } from '../../src/devnet/network-profiles.ts';
import { networkSettings } from '../../src/devnet/network-settings.ts';
import { compileSorobanHost, createSorobanHost, type SorobanHost } from '../../src/devnet/soroban-host.ts';

/** A ledger just big enough to run contracts on the host: a map, a header that advances, no fees, no limits. */

export const hostPassphrase = 'Host test network';

const module = compileSorobanHost();

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const keypair = (name: string): Keypair =>
  Keypair.fromRawEd25519Seed(createHash('sha256').update(name).digest());
export const address = (of: string | Keypair): xdr.ScVal =>
  Address.fromString(typeof of === 'string' ? of : of.publicKey()).toScVal();
export const i128 = (value: bigint): xdr.ScVal => nativeToScVal(value, { type: 'i128' });
export const sourceOf = (key: Keypair): Uint8Array => key.xdrAccountId().toXdr();

export function call(contract: string, name: string, ...args: xdr.ScVal[]): xdr.HostFunction {
  return xdr.HostFunction.hostFunctionTypeInvokeContract(
    new xdr.InvokeContractArgs({
      contractAddress: Address.fromString(contract).toScAddress(),
      functionName: name,
      args,
    }),
  );
}

/** Transaction data and authorizations of a simulation, signed by whoever of `signers` was asked. */
export type Prepared = { data: xdr.SorobanTransactionData; auth: Uint8Array[] };

export class HostLedger {
  readonly entries = new Map<string, StoredEntry>();
  /** LedgerKeys the host asked for, as hex, in order. */
  readonly lookups: string[] = [];
  readonly host: SorobanHost;
  header: LedgerHeader;

  constructor() {
    for (const { key, entry } of networkSettings(networkProfiles.pubnet))
      this.entries.set(hex(key), { entry, liveUntil: 0 });
    this.host = createSorobanHost({
      module,
      ledgerGet: (key) => {
        this.lookups.push(hex(key));
        return this.entries.get(hex(key));
      },
    });
    this.header = {
      protocolVersion: this.host.protocolVersion,
      sequence: 1000,
      closeTimeSeconds: 1_790_000_000,
      networkId: hash(Buffer.from(hostPassphrase)),
      baseReserveStroops: 5_000_000,
    };
  }

  put(key: xdr.LedgerKey, data: xdr.LedgerEntryData): void {
    const entry = new xdr.LedgerEntry({ lastModifiedLedgerSeq: 1, data, ext: xdr.LedgerEntryExt.v0() });
    this.entries.set(hex(key.toXdr()), { entry: entry.toXdr(), liveUntil: 0 });
  }

  addAccount(key: Keypair): void {
    const accountId = key.xdrAccountId();
    const account = new xdr.AccountEntry({
      accountId,
      balance: 100_000_000_000n,
      seqNum: 1n,
      numSubEntries: 0,
      inflationDest: null,
      flags: 0,
      homeDomain: '',
      thresholds: new Uint8Array([1, 0, 0, 0]),
      signers: [],
      ext: xdr.AccountEntryExt.v0(),
    });
    this.put(xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId })), xdr.LedgerEntryData.account(account));
  }

  simulate(hostFunction: xdr.HostFunction, source: Keypair, more: Partial<SimulateRequest> = {}): Simulation {
    return this.host.simulate(this.header, {
      hostFunction: hostFunction.toXdr(),
      source: sourceOf(source),
      seed: randomBytes(32),
      authMode: 'record',
      ...more,
    });
  }

  /** Simulates and signs. Throws when the simulation failed. */
  async prepare(hostFunction: xdr.HostFunction, source: Keypair, signers: Keypair[] = []): Promise<Prepared> {
    const recorded = this.simulate(hostFunction, source);
    if (!recorded.ok) throw new Error(recorded.text);
    const auth: Uint8Array[] = [];
    for (const bytes of recorded.auth) auth.push(await this.#signed(bytes, signers));
    const enforced = this.simulate(hostFunction, source, { authMode: 'enforce', auth });
    if (!enforced.ok) throw new Error(enforced.text);
    if (enforced.transactionData === undefined) throw new Error('a simulation without transaction data');
    return { data: xdr.SorobanTransactionData.fromXdr(enforced.transactionData), auth };
  }

  invoke(hostFunction: xdr.HostFunction, source: Keypair, prepared: Prepared): Invocation {
    const { ext } = prepared.data;
    return this.host.invoke(this.header, {
      hostFunction: hostFunction.toXdr(),
      resources: prepared.data.resources.toXdr(),
      restored: ext.type === 'resourceExt' ? ext.resourceExt.archivedSorobanEntries : [],
      source: sourceOf(source),
      seed: randomBytes(32),
      auth: prepared.auth,
      diagnostics: true,
    });
  }

  /** Simulates, signs, invokes and stores. Throws when the invocation failed. */
  async run(hostFunction: xdr.HostFunction, source: Keypair, signers: Keypair[] = []): Promise<xdr.ScVal> {
    const invocation = this.invoke(hostFunction, source, await this.prepare(hostFunction, source, signers));
    if (!invocation.ok) throw new Error(invocation.text);
    this.apply(invocation);
    this.advance(1);
    return xdr.ScVal.fromXdr(invocation.returnValue);
  }

  apply(invocation: Invocation): void {
    for (const { key, readOnly, entry, ttl } of invocation.changes) {
      const name = hex(key);
      const before = this.entries.get(name);
      if (entry) this.entries.set(name, { entry, liveUntil: ttl?.after ?? 0 });
      else if (!readOnly) this.entries.delete(name);
      else if (before && ttl) before.liveUntil = Math.max(before.liveUntil, ttl.after);
    }
  }

  advance(ledgers: number): void {
    const { sequence, closeTimeSeconds } = this.header;
    this.header = {
      ...this.header,
      sequence: sequence + ledgers,
      closeTimeSeconds: closeTimeSeconds + 5 * ledgers,
    };
  }

  async #signed(bytes: Uint8Array, signers: Keypair[]): Promise<Uint8Array> {
    const entry = xdr.SorobanAuthorizationEntry.fromXdr(bytes);
    if (entry.credentials.type !== 'sorobanCredentialsAddress') return bytes;
    const asked = Address.fromScAddress(entry.credentials.address.address).toString();
    const signer = signers.find((key) => key.publicKey() === asked);
    if (!signer) throw new Error(`${asked} was asked to sign`);
    return (await authorizeEntry(entry, signer, this.header.sequence + 100, hostPassphrase)).toXdr();
  }
}
