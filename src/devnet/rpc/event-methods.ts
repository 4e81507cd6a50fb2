/** getEvents: filters, ranges and cursors with the rules of the real server. */
import { StrKey, xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import { type EventRecord, eventId, toid } from '../ledger/records.ts';
import { isObject, type Params, RpcError, type RpcMethods } from './json-rpc.ts';
import { list, page, requireBase64Format, strings, uint32 } from './params.ts';

const SCANNED_LEDGERS_MAX = 10_000;
const EVENTS_DEFAULT = 100;
const EVENTS_MAX = 10_000;
const FILTERS_MAX = 5;
const CONTRACTS_MAX = 5;
const TOPIC_ROWS_MAX = 5;
const SEGMENTS_MAX = 4;

export const eventMethods: RpcMethods = { getEvents: (params, chain) => getEvents(chain, params) };

function getEvents({ history }: Chain, params: Params): unknown {
  requireBase64Format(params);
  const { cursor, limit } = page(params, EVENTS_DEFAULT, EVENTS_MAX);
  const startLedger = uint32(params, 'startLedger');
  const endLedger = uint32(params, 'endLedger');
  if (cursor !== undefined) {
    if (startLedger !== 0 || endLedger !== 0) {
      throw new RpcError('invalidParams', 'ledger ranges and cursor cannot both be set');
    }
  } else if (startLedger === 0) {
    throw new RpcError('invalidParams', 'startLedger must be positive');
  }
  const filters = readFilters(params);
  const oldest = history.oldest();
  const latest = history.latest();
  const start = cursor === undefined ? startLedger : cursorLedger(cursor);
  if (start < oldest.sequence || start > latest.sequence) {
    const range = `${oldest.sequence} - ${latest.sequence}`;
    throw new RpcError('invalidRequest', `startLedger must be within the ledger range: ${range}`);
  }
  const windowEnd = Math.min(start + SCANNED_LEDGERS_MAX, latest.sequence + 1);
  const end = endLedger === 0 ? windowEnd : Math.min(endLedger, windowEnd);
  const events = matching(history.ledgers(start, end - 1), cursor ?? '', filters, limit);
  return {
    events: events.map(eventAnswer),
    cursor: events.length === limit ? events.at(-1)?.id : lastIdBefore(end),
    latestLedger: latest.sequence,
    oldestLedger: oldest.sequence,
    latestLedgerCloseTime: String(latest.closeTimeS),
    oldestLedgerCloseTime: String(oldest.closeTimeS),
  };
}

/** Where the next request goes on when this one has seen everything up to `end`, which is not included. */
function lastIdBefore(end: number): string {
  return eventId(toid(end - 1, 0xfffff, 0xfff), 0xffffffff);
}

function cursorLedger(cursor: string): number {
  const match = /^(\d{1,19})-(\d{1,10})$/.exec(cursor);
  if (!match?.[1]) throw new RpcError('invalidParams', `invalid event id ${cursor}`);
  return Number(BigInt(match[1]) >> 32n);
}

function matching(
  ledgers: Iterable<{ events: readonly EventRecord[] }>,
  after: string,
  filters: readonly Filter[],
  limit: number,
): EventRecord[] {
  const found: EventRecord[] = [];
  for (const { events } of ledgers) {
    for (const event of events) {
      if (event.id <= after) continue;
      if (filters.length > 0 && !filters.some((filter) => filter(event))) continue;
      found.push(event);
      if (found.length === limit) return found;
    }
  }
  return found;
}

function eventAnswer(event: EventRecord): unknown {
  return {
    type: event.type,
    ledger: event.ledger,
    ledgerClosedAt: new Date(event.closeTimeS * 1000).toISOString().replace('.000Z', 'Z'),
    contractId: event.contractId,
    id: event.id,
    operationIndex: event.operationIndex,
    transactionIndex: event.transactionIndex,
    txHash: event.txHash,
    inSuccessfulContractCall: true,
    topic: event.topics,
    value: event.value,
  };
}

type Filter = (event: EventRecord) => boolean;

function readFilters(params: Params): Filter[] {
  const filters = list(params, 'filters');
  if (filters.length > FILTERS_MAX) throw new RpcError('invalidParams', 'maximum 5 filters per request');
  return filters.map((filter, index) => {
    try {
      if (!isObject(filter)) throw new RpcError('invalidParams', 'not an object');
      return readFilter(filter);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      throw new RpcError('invalidParams', `filter ${index + 1} invalid: ${error.message}`);
    }
  });
}

function readFilter(filter: Params): Filter {
  const types = readTypes(filter.type);
  const contracts = strings(filter, 'contractIds');
  if (contracts.length > CONTRACTS_MAX) throw new RpcError('invalidParams', 'maximum 5 contract IDs per filter');
  for (const [index, contract] of contracts.entries()) {
    if (!StrKey.isValidContract(contract)) throw new RpcError('invalidParams', `contract ID ${index + 1} invalid`);
  }
  const rows = list(filter, 'topics').map(readTopicRow);
  if (rows.length > TOPIC_ROWS_MAX) throw new RpcError('invalidParams', 'maximum 5 topics per filter');
  return (event) =>
    (types.length === 0 || types.includes(event.type)) &&
    (contracts.length === 0 || contracts.includes(event.contractId)) &&
    (rows.length === 0 || rows.some((row) => rowMatches(row, event.topics)));
}

function readTypes(value: unknown): string[] {
  if (value === undefined || value === null || value === '') return [];
  const types = typeof value === 'string' ? value.split(',') : [''];
  if (!types.every((type) => type === 'contract' || type === 'system')) {
    throw new RpcError('invalidParams', "filter type invalid: if set, type must be either 'system' or 'contract'");
  }
  return types;
}

/** Segments that must match one by one; `open` lets more topics follow. */
type TopicRow = { segments: string[]; open: boolean };

function readTopicRow(row: unknown, index: number): TopicRow {
  const fail = (reason: string) => new RpcError('invalidParams', `topic ${index + 1} invalid: ${reason}`);
  if (!Array.isArray(row) || !row.every((segment) => typeof segment === 'string')) throw fail('not a list of strings');
  if (row.length === 0) throw fail('topic must have at least 1 segment');
  const open = row.at(-1) === '**';
  const segments: string[] = open ? row.slice(0, -1) : row;
  const misplaced = segments.indexOf('**');
  if (misplaced >= 0) {
    throw fail(`segment ${misplaced + 1} invalid: wildcard '**' is only allowed as the last segment`);
  }
  if (segments.length > SEGMENTS_MAX) throw fail('topic cannot have more than 4 segments');
  for (const [position, segment] of segments.entries()) {
    if (segment !== '*' && !isScVal(segment)) throw fail(`segment ${position + 1} invalid: not an ScVal`);
  }
  return { segments, open };
}

function isScVal(segment: string): boolean {
  return xdr.ScVal.validateXdr(segment, 'base64');
}

function rowMatches({ segments, open }: TopicRow, topics: readonly string[]): boolean {
  const lengthFits = open ? topics.length >= segments.length : topics.length === segments.length;
  return lengthFits && segments.every((segment, index) => segment === '*' || segment === topics[index]);
}
