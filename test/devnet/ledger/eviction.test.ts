import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  Address,
  Asset,
  authorizeEntry,
  Contract,
  type Keypair,
  nativeToScVal,
  Operation,
  StrKey,
  type Transaction,
  xdr,
} from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import { type EntryStore, keyText, ttlKeyOf } from '../../../src/devnet/ledger/entries.ts';
import { ledgerCloseMeta } from '../../../src/devnet/ledger/meta.ts';
import { createNetwork } from '../../../src/devnet/ledger/network.ts';
import { createStateFile } from '../../../src/devnet/state-file.ts';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { prepared } from '../prepared.ts';

const contract = new Address(StrKey.encodeContract(Buffer.alloc(32, 7))).toScAddress();
const nonce = xdr.ScVal.scvSymbol('nonce');

/** Puts contract data into the ledger that lives for so many ledgers more. */
function put({ chain }: ChainRig, durability: xdr.ContractDataDurability, ledgers: number): string {
  const key = xdr.LedgerKey.contractData(new xdr.LedgerKeyContractData({ contract, key: nonce, durability }));
  const data = xdr.LedgerEntryData.contractData(
    new xdr.ContractDataEntry({
      ext: xdr.ExtensionPoint.v0(),
      contract,
      key: nonce,
      durability,
      val: xdr.ScVal.scvVoid(),
    }),
  );
  const lastModifiedLedgerSeq = chain.history.latest().sequence;
  const entry = new xdr.LedgerEntry({ lastModifiedLedgerSeq, data, ext: xdr.LedgerEntryExt.v0() });
  const liveUntil = lastModifiedLedgerSeq + ledgers;
  (chain.entries as EntryStore).set(keyText(key), { entry: entry.toXdr(), liveUntil });
  return keyText(key);
}

describe('a temporary entry', () => {
  it('is gone after its last ledger, which tells of it in its meta and its changes', () => {
    const rig = startChain();
    const key = put(rig, xdr.ContractDataDurability.temporary, 2);
    expect(rig.chain.closeLedger().evicted).toEqual([]);
    expect(rig.chain.entries.get(key)).toBeDefined();
    const last = rig.chain.closeLedger();
    expect(rig.chain.entries.get(key)).toBeUndefined();
    expect(last.evicted).toEqual([key]);
    expect(rig.closed.at(-1)?.changes.map((change) => [change.key, change.after])).toEqual([[key, undefined]]);
    const meta = ledgerCloseMeta(last, []);
    const named = meta.type === 'v2' ? meta.v2.evictedKeys : [];
    expect(named.map((one) => one.toXdr('hex'))).toEqual([key, ttlKeyOf(key).toXdr('hex')]);
  });

  it('stays when it was extended meanwhile', () => {
    const rig = startChain();
    put(rig, xdr.ContractDataDurability.temporary, 1);
    const key = put(rig, xdr.ContractDataDurability.temporary, 2);
    expect(rig.chain.closeLedger().evicted).toEqual([]);
    expect(rig.chain.entries.get(key)).toBeDefined();
    expect(rig.chain.closeLedger().evicted).toEqual([key]);
  });

  it('that ends is part of what the ledger’s hash says', () => {
    const [kept, evicting] = [startChain(), startChain()];
    put(kept, xdr.ContractDataDurability.temporary, 2);
    put(evicting, xdr.ContractDataDurability.temporary, 1);
    expect(kept.chain.closeLedger().closed.hash).not.toEqual(evicting.chain.closeLedger().closed.hash);
  });
});

it('the nonce of a signed authorization ends with it, also for a network that is kept in a file', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'devnet-eviction-'));
  try {
    const network = createNetwork('a network for tests', 'seed');
    const open = () => startChain({ network, journal: createStateFile(path.join(folder, 'network'), network) });
    const rig = open();
    const [ann, ben] = [rig.fund('ann'), rig.fund('ben')];
    const asset = Asset.native();
    rig.submitSigned(prepared(rig, ann, Operation.createStellarAssetContract({ asset })));
    const validUntil = rig.chain.history.latest().sequence + 20;
    const { record } = rig.submitSigned(prepared(rig, ann, await transferOf(rig, ann, ben, validUntil)));
    expect(record?.successful).toBe(true);
    const nonces = [...rig.chain.entries.keys()].filter(
      (key) => key.startsWith('00000006') && key.endsWith('00000000'),
    );
    expect(nonces).toHaveLength(1);
    const last = rig.chain.entries.get(nonces[0] ?? '')?.liveUntil ?? 0;
    expect(last).toBeGreaterThanOrEqual(validUntil);
    const before = open();
    while (rig.chain.history.latest().sequence < last) {
      expect(rig.chain.history.latest().evicted).toEqual([]);
      rig.chain.closeLedger();
    }
    expect(rig.chain.history.latest().evicted).toEqual(nonces);
    expect(rig.chain.entries.get(nonces[0] ?? '')).toBeUndefined();
    expect(before.chain.entries.get(nonces[0] ?? '')).toBeDefined();
    const after = open();
    expect(after.chain.history.latest().evicted).toEqual(nonces);
    expect(new Set(after.chain.entries.keys())).toEqual(new Set(rig.chain.entries.keys()));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** A transfer from `owner` that another account sends, with the owner's signature for so long. */
async function transferOf(rig: ChainRig, sender: Keypair, owner: Keypair, validUntil: number): Promise<xdr.Operation> {
  const token = new Contract(Asset.native().contractId(rig.passphrase));
  const [from, to] = [owner, sender].map((who) => new Address(who.publicKey()).toScVal());
  const call = token.call('transfer', ...([from, to, nativeToScVal(5n, { type: 'i128' })] as xdr.ScVal[]));
  const { body } = envelopeOperation(prepared(rig, sender, call));
  if (body.type !== 'invokeHostFunction') throw new Error('not a call');
  const { hostFunction: func, auth } = body.invokeHostFunctionOp;
  const signed = auth.map((entry) => authorizeEntry(entry, owner, validUntil, rig.passphrase));
  return Operation.invokeHostFunction({ func, auth: await Promise.all(signed) });
}

function envelopeOperation(tx: Transaction): xdr.Operation {
  const envelope = tx.toEnvelope();
  const [operation] = envelope.type === 'envelopeTypeTx' ? envelope.v1.tx.operations : [];
  if (!operation) throw new Error('no operation');
  return operation;
}

it('a persistent entry is archived at its end, never evicted', () => {
  const rig = startChain();
  const key = put(rig, xdr.ContractDataDurability.persistent, 1);
  expect(rig.chain.closeLedger().evicted).toEqual([]);
  rig.chain.closeLedger();
  expect(rig.chain.entries.get(key)).toBeDefined();
});
