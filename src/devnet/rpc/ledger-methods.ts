/** getLedgers: closed ledgers, page by page. */
import { xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import type { History } from '../ledger/history.ts';
import { headerEntry } from '../ledger/meta.ts';
import type { LedgerRecord } from '../ledger/records.ts';
import { closeMetaXdr } from './close-meta.ts';
import { method, struct } from './decode-params.ts';
import { RpcError, type RpcMethods } from './json-rpc.ts';
import { isKept, mustBeKept, parseInteger, rangeFields, readRange } from './ledger-range.ts';
import { type Output, outputOf } from './xdr-output.ts';

const request = struct('GetLedgersRequest', rangeFields);

export const ledgerMethods: RpcMethods = { getLedgers: method(request, getLedgers) };

function getLedgers(params: ReturnType<typeof request>, { history }: Chain): unknown {
  const { cursor, limit } = readRange(params, history);
  const output = outputOf(params.xdrFormat);
  const from = cursor === '' ? params.startLedger : afterCursor(cursor, history);
  const latest = history.latest();
  const oldest = history.oldest();
  const ledgers = [...history.ledgers(from, from + limit - 1)];
  return {
    ledgers: ledgers.map((ledger) => ledgerAnswer(ledger, output)),
    latestLedger: latest.sequence,
    latestLedgerCloseTime: latest.closeTimeS,
    oldestLedger: oldest.sequence,
    oldestLedgerCloseTime: oldest.closeTimeS,
    cursor: String(from + ledgers.length - 1),
  };
}

function afterCursor(cursor: string, history: History): number {
  const next = Number(parseInteger(cursor, 'ParseUint', 32)) + 1;
  if (!isKept(next, history)) throw new RpcError('invalidParams', `cursor ('${cursor}') ${mustBeKept(history)}`);
  return next;
}

function ledgerAnswer(ledger: LedgerRecord, output: Output): unknown {
  return {
    hash: Buffer.from(ledger.closed.hash).toString('hex'),
    sequence: ledger.sequence,
    ledgerCloseTime: String(ledger.closeTimeS),
    // The real server's answer has these two also where they are told as JSON.
    headerXdr: '',
    metadataXdr: '',
    ...output.field('headerXdr', xdr.LedgerHeaderHistoryEntry, headerEntry(ledger.closed).toXdr()),
    ...output.field('metadataXdr', xdr.LedgerCloseMeta, closeMetaXdr(ledger)),
  };
}
