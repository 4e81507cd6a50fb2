/** getLedgerEntries: entries of the latest ledger by their keys. */
import { xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import { keyText, type StoredEntry } from '../ledger/entries.ts';
import { list, method, struct, text } from './decode-params.ts';
import { RpcError, type RpcMethods } from './json-rpc.ts';
import { fromBase64, type Output, outputOf } from './xdr-output.ts';

const KEYS_MAX = 200;
/** Larger keys are refused unread, as the real server bounds what decoding one may take. */
const KEY_BYTES_MAX = 16_384;

const request = struct('GetLedgerEntriesRequest', { keys: list(text, '[]string'), xdrFormat: text });

export const entryMethods: RpcMethods = { getLedgerEntries: method(request, getLedgerEntries) };

function getLedgerEntries({ keys, xdrFormat }: ReturnType<typeof request>, { history, entries }: Chain): unknown {
  const output = outputOf(xdrFormat);
  if (keys.length > KEYS_MAX) {
    throw new RpcError('invalidParams', `key count (${keys.length}) exceeds maximum supported (${KEYS_MAX})`);
  }
  const read = keys.map(readKey);
  refuseWhatCoreRefuses(keys);
  const latestLedger = history.latest().sequence;
  const found = read.flatMap((key) => {
    const stored = entries.get(keyText(key));
    return stored ? [entryAnswer(key, stored, latestLedger, output)] : [];
  });
  return { entries: found, latestLedger };
}

function readKey(key: string, index: number): Uint8Array {
  const type = keyType(key);
  if (type === undefined) throw new RpcError('invalidParams', `cannot unmarshal key value ${key} at index ${index}`);
  if (type === 'ttl') throw new RpcError('invalidParams', 'ledger ttl entries cannot be queried directly');
  return Buffer.from(key, 'base64');
}

function keyType(key: string): xdr.LedgerKey['type'] | undefined {
  const bytes = fromBase64(key);
  if (!bytes || bytes.length > KEY_BYTES_MAX) return undefined;
  try {
    return xdr.LedgerKey.fromXdr(bytes).type;
  } catch {
    return undefined;
  }
}

/** The real server asks a validator, and passes on what that cannot answer. */
function refuseWhatCoreRefuses(keys: readonly string[]): void {
  const reason =
    keys.length === 0
      ? 'no keys specified in request'
      : new Set(keys).size < keys.length
        ? 'http request failed with non-200 status code (404)'
        : undefined;
  if (reason) throw new RpcError('internalError', `could not query captive core: ${reason}`);
}

function entryAnswer(key: Uint8Array, { entry, liveUntil }: StoredEntry, latest: number, output: Output): unknown {
  const { data, lastModifiedLedgerSeq, ext } = xdr.LedgerEntry.fromXdr(entry);
  return {
    ...output.field('key', xdr.LedgerKey, key),
    ...output.field('xdr', xdr.LedgerEntryData, data.toXdr(), 'dataJson'),
    lastModifiedLedgerSeq,
    // Zero is for what is archived: expired, and to be restored before use.
    ...(liveUntil === 0 ? {} : { liveUntilLedgerSeq: liveUntil < latest ? 0 : liveUntil }),
    ...output.field('extXdr', xdr.LedgerEntryExt, ext.toXdr()),
  };
}
