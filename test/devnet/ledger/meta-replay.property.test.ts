import { hash, xdr } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyText } from '../../../src/devnet/ledger/entries.ts';
import { ledgerCloseMeta } from '../../../src/devnet/ledger/meta.ts';
import type { LedgerRecord } from '../../../src/devnet/ledger/records.ts';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { contractLife, liveWithContracts } from './contract-life.ts';

/** All entries as somebody knows them who only reads meta: key to entry, and key hash to the last ledger it lives in. */
type Replica = { entries: Map<string, string>; liveUntil: Map<string, number> };

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

it('the changes that ledgers tell of, applied to genesis, give all entries as they are', () => {
  fc.assert(
    fc.property(contractLife, (turns) => {
      const rig = startChain();
      const replica = copyOf(rig);
      liveWithContracts(rig, turns, () => {});
      for (const { record } of rig.closed) applyLedger(replica, record);
      expect(replica).toEqual(copyOf(rig));
    }),
    { numRuns: 120 },
  );
});

function copyOf({ chain }: ChainRig): Replica {
  const replica: Replica = { entries: new Map(), liveUntil: new Map() };
  for (const key of chain.entries.keys()) {
    const stored = chain.entries.get(key);
    if (!stored) continue;
    replica.entries.set(key, hex(stored.entry));
    if (stored.liveUntil !== 0) replica.liveUntil.set(hex(hash(Buffer.from(key, 'hex'))), stored.liveUntil);
  }
  return replica;
}

function applyLedger(replica: Replica, record: LedgerRecord): void {
  for (const { feeChanges } of record.transactions) feeChanges.forEach((change) => void apply(replica, change));
  for (const { meta } of record.transactions) {
    const decoded = xdr.TransactionMeta.fromXdr(meta);
    if (decoded.type !== 'v4') throw new Error('meta of another form');
    const { txChangesBefore, operations, txChangesAfter } = decoded.v4;
    const changes = [...txChangesBefore, ...operations.flatMap((one) => one.changes), ...txChangesAfter];
    for (const change of changes) apply(replica, change);
  }
  for (const { refundChanges } of record.transactions) refundChanges.forEach((change) => void apply(replica, change));
  const meta = ledgerCloseMeta(record, []);
  if (meta.type !== 'v2') throw new Error('meta of another form');
  for (const { changes } of meta.v2.upgradesProcessing) for (const change of changes) apply(replica, change);
  for (const key of meta.v2.evictedKeys) remove(replica, key);
}

function apply(replica: Replica, change: xdr.LedgerEntryChange): void {
  switch (change.type) {
    case 'ledgerEntryState':
      expectState(replica, change.state);
      break;
    case 'ledgerEntryRemoved':
      remove(replica, change.removed);
      break;
    default:
      put(replica, change.value);
  }
}

/** What a change says was there before must have been there. */
function expectState({ entries, liveUntil }: Replica, entry: xdr.LedgerEntry): void {
  if (entry.data.type === 'ttl') {
    const { keyHash, liveUntilLedgerSeq } = entry.data.ttl;
    expect(liveUntil.get(hex(keyHash.value))).toBe(liveUntilLedgerSeq);
  } else expect(entries.get(keyOf(entry.data))).toBe(entry.toXdr('hex'));
}

function put({ entries, liveUntil }: Replica, entry: xdr.LedgerEntry): void {
  if (entry.data.type === 'ttl') liveUntil.set(hex(entry.data.ttl.keyHash.value), entry.data.ttl.liveUntilLedgerSeq);
  else entries.set(keyOf(entry.data), entry.toXdr('hex'));
}

function remove({ entries, liveUntil }: Replica, key: xdr.LedgerKey): void {
  if (key.type === 'ttl') liveUntil.delete(hex(key.ttl.keyHash.value));
  else entries.delete(keyText(key));
}

function keyOf(data: xdr.LedgerEntryData): string {
  switch (data.type) {
    case 'account':
      return keyText(xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId: data.account.accountId })));
    case 'trustline': {
      const { accountId, asset } = data.trustLine;
      return keyText(xdr.LedgerKey.trustline(new xdr.LedgerKeyTrustLine({ accountId, asset })));
    }
    case 'data': {
      const { accountId, dataName } = data.data;
      return keyText(xdr.LedgerKey.data(new xdr.LedgerKeyData({ accountId, dataName })));
    }
    case 'contractData': {
      const { contract, key, durability } = data.contractData;
      return keyText(xdr.LedgerKey.contractData(new xdr.LedgerKeyContractData({ contract, key, durability })));
    }
    case 'contractCode':
      return keyText(xdr.LedgerKey.contractCode(new xdr.LedgerKeyContractCode({ hash: data.contractCode.hash })));
    case 'claimableBalance': {
      const { balanceId } = data.claimableBalance;
      return keyText(xdr.LedgerKey.claimableBalance(new xdr.LedgerKeyClaimableBalance({ balanceId })));
    }
    default:
      throw new Error(`nothing here makes entries of type ${data.type}`);
  }
}
