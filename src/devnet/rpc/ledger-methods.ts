/** What RPC tells about the network and its ledgers. */
import { xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import { type KeyText, keyText, type StoredEntry } from '../ledger/entries.ts';
import { RETENTION_LEDGERS } from '../ledger/history.ts';
import { headerEntry, ledgerCloseMeta } from '../ledger/meta.ts';
import type { LedgerRecord } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { type Params, RpcError, type RpcMethods } from './json-rpc.ts';
import { base64, page, requireBase64Format, strings, uint32 } from './params.ts';

const KEYS_MAX = 200;
const LEDGERS_DEFAULT = 50;
const LEDGERS_MAX = 200;

export function ledgerMethods(friendbotUrl: () => string): RpcMethods {
  return {
    getHealth: (_params, { history }) => ({
      status: 'healthy',
      latestLedger: history.latest().sequence,
      oldestLedger: history.oldest().sequence,
      ledgerRetentionWindow: RETENTION_LEDGERS,
    }),
    getNetwork: (_params, { network, host }) => ({
      friendbotUrl: friendbotUrl(),
      passphrase: network.passphrase,
      protocolVersion: host.protocolVersion,
    }),
    getVersionInfo: (_params, { host }) => ({
      version: 'callora-devnet',
      commitHash: '',
      buildTimestamp: '',
      captiveCoreVersion: `soroban-env-host for protocol ${host.protocolVersion}`,
      protocolVersion: host.protocolVersion,
    }),
    getLatestLedger: (_params, { history, host }) => {
      const latest = history.latest();
      return {
        id: hex(latest.closed.hash),
        sequence: latest.sequence,
        protocolVersion: host.protocolVersion,
        closeTime: String(latest.closeTimeS),
        headerXdr: latest.closed.header.toXdr('base64'),
        metadataXdr: closeMeta(latest).toXdr('base64'),
      };
    },
    getLedgers: (params, chain) => getLedgers(chain, params),
    getLedgerEntries: (params, chain) => getLedgerEntries(chain, params),
  };
}

function getLedgers({ history }: Chain, params: Params): unknown {
  requireBase64Format(params);
  const { cursor, limit } = page(params, LEDGERS_DEFAULT, LEDGERS_MAX);
  const start = uint32(params, 'startLedger');
  if (cursor !== undefined && start !== 0) {
    throw new RpcError('invalidParams', 'startLedger and cursor cannot both be set');
  }
  const from = cursor === undefined ? start : ledgerCursor(cursor) + 1;
  const oldest = history.oldest();
  const latest = history.latest();
  // A cursor at the last ledger is fine: there is just nothing after it yet.
  const end = cursor === undefined ? latest.sequence : latest.sequence + 1;
  if (from < oldest.sequence || from > end) {
    const range = `[${oldest.sequence}, ${latest.sequence}]`;
    throw new RpcError(
      'invalidParams',
      `start ledger (${from}) must be between the oldest ledger and the latest ledger: ${range}`,
    );
  }
  const ledgers = [...history.ledgers(from, from + limit - 1)].map((record) => ({
    hash: hex(record.closed.hash),
    sequence: record.sequence,
    ledgerCloseTime: String(record.closeTimeS),
    headerXdr: headerEntry(record.closed).toXdr('base64'),
    metadataXdr: closeMeta(record).toXdr('base64'),
  }));
  return {
    ledgers,
    latestLedger: latest.sequence,
    latestLedgerCloseTime: latest.closeTimeS,
    oldestLedger: oldest.sequence,
    oldestLedgerCloseTime: oldest.closeTimeS,
    cursor: String(ledgers.at(-1)?.sequence ?? cursor ?? ''),
  };
}

function ledgerCursor(cursor: string): number {
  if (!/^\d{1,10}$/.test(cursor)) throw new RpcError('invalidParams', 'the cursor is not one of this method');
  return Number(cursor);
}

function getLedgerEntries(chain: Chain, params: Params): unknown {
  requireBase64Format(params);
  const keys = strings(params, 'keys');
  if (keys.length > KEYS_MAX) {
    throw new RpcError('invalidParams', `key count (${keys.length}) exceeds maximum supported (${KEYS_MAX})`);
  }
  const { history, entries } = chain;
  const found = keys.flatMap((key, index) => {
    const stored = entries.get(readKey(key, index));
    return stored ? [entryAnswer(key, stored)] : [];
  });
  return { entries: found, latestLedger: history.latest().sequence };
}

function readKey(key: string, index: number): KeyText {
  const bytes = base64(key, `key ${index + 1}`);
  let decoded: xdr.LedgerKey;
  try {
    decoded = xdr.LedgerKey.fromXdr(bytes);
  } catch {
    throw new RpcError('invalidParams', `cannot unmarshal key value ${key} at index ${index}`);
  }
  if (decoded.type === 'ttl') {
    throw new RpcError('invalidParams', 'ledger ttl entries cannot be queried directly');
  }
  return keyText(bytes);
}

function entryAnswer(key: string, { entry, liveUntil }: StoredEntry): unknown {
  const { data, lastModifiedLedgerSeq } = xdr.LedgerEntry.fromXdr(entry);
  return {
    key,
    xdr: data.toXdr('base64'),
    lastModifiedLedgerSeq,
    ...(liveUntil === 0 ? {} : { liveUntilLedgerSeq: liveUntil }),
  };
}

function closeMeta(record: LedgerRecord): xdr.LedgerCloseMeta {
  return ledgerCloseMeta(record, record.transactions.map(resultMeta));
}

function resultMeta(record: TransactionRecord): xdr.TransactionResultMetaV1 {
  return new xdr.TransactionResultMetaV1({
    ext: xdr.ExtensionPoint.v0(),
    result: new xdr.TransactionResultPair({
      transactionHash: new xdr.Hash(Buffer.from(record.hash, 'hex')),
      result: xdr.TransactionResult.fromXdr(record.result),
    }),
    feeProcessing: record.feeChanges,
    txApplyProcessing: xdr.TransactionMeta.fromXdr(record.meta),
    postTxApplyFeeProcessing: record.refundChanges,
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
