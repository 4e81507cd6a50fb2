/** getEvents: ranges and cursors with the rules of the real server. */
import { xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import { type EventRecord, eventId, type LedgerRecord, toid } from '../ledger/records.ts';
import { method, optional, struct, text, uint, uint32 } from './decode-params.ts';
import { eventCursor } from './event-cursor.ts';
import { contractsAskedFor, eventFilters, eventMatcher, filtersProblem } from './event-filters.ts';
import { RpcError, type RpcMethods } from './json-rpc.ts';
import { type Output, outputOf } from './xdr-output.ts';

const SCANNED_LEDGERS_MAX = 10_000;
const EVENTS_DEFAULT = 100;
const EVENTS_MAX = 10_000;

const request = struct('GetEventsRequest', {
  startLedger: uint32,
  endLedger: uint32,
  filters: eventFilters,
  pagination: optional(struct('PaginationOptions', { cursor: optional(eventCursor), limit: uint })),
  xdrFormat: text,
});
type EventsRequest = ReturnType<typeof request>;

export const eventMethods: RpcMethods = { getEvents: method(request, getEvents) };

function getEvents(params: EventsRequest, { history }: Chain): unknown {
  const output = outputOf(params.xdrFormat);
  const problem = requestProblem(params);
  if (problem) throw new RpcError('invalidParams', problem);
  const { startLedger, endLedger, filters, pagination } = params;
  const oldest = history.oldest();
  const latest = history.latest();
  const start = pagination?.cursor?.ledger ?? startLedger;
  if (start < oldest.sequence || start > latest.sequence) {
    const range = `${oldest.sequence} - ${latest.sequence}`;
    throw new RpcError('invalidRequest', `startLedger must be within the ledger range: ${range}`);
  }
  const windowEnd = Math.min(start + SCANNED_LEDGERS_MAX, latest.sequence + 1);
  const end = endLedger === 0 ? windowEnd : Math.min(endLedger, windowEnd);
  const limit = pagination?.limit || EVENTS_DEFAULT;
  const ledgers = ledgersWith(contractsAskedFor(filters), history.ledgers(start, end - 1));
  const events = matching(ledgers, pagination?.cursor?.id ?? '', eventMatcher(filters), limit);
  return {
    events: events.map((event) => eventAnswer(event, output)),
    cursor: events.length === limit ? events.at(-1)?.id : lastIdBefore(end),
    latestLedger: latest.sequence,
    oldestLedger: oldest.sequence,
    latestLedgerCloseTime: String(latest.closeTimeS),
    oldestLedgerCloseTime: String(oldest.closeTimeS),
  };
}

function requestProblem({ startLedger, endLedger, filters, pagination }: EventsRequest): string | undefined {
  if (pagination?.cursor) {
    if (startLedger !== 0 || endLedger !== 0) return 'ledger ranges and cursor cannot both be set';
  } else if (startLedger === 0) {
    return 'startLedger must be positive';
  }
  if ((pagination?.limit ?? 0) > EVENTS_MAX) return `limit must not exceed ${EVENTS_MAX}`;
  return filtersProblem(filters);
}

/** Where the next request goes on when this one has seen everything up to `end`, which is not included. */
function lastIdBefore(end: number): string {
  return eventId(toid(end - 1, 0xfffff, 0xfff), 0xffffffff);
}

/** The contracts with events in a ledger, kept so that its events are read again only for those who ask for them. */
const contractsIn = new WeakMap<LedgerRecord, ReadonlySet<string>>();

function* ledgersWith(contracts: readonly string[] | undefined, ledgers: Iterable<LedgerRecord>) {
  for (const ledger of ledgers) {
    if (ledger.transactions.length === 0) continue;
    if (!contracts) {
      yield ledger;
      continue;
    }
    const there = contractsIn.get(ledger) ?? new Set(ledger.events.map(({ contractId }) => contractId));
    contractsIn.set(ledger, there);
    if (contracts.some((contract) => there.has(contract))) yield ledger;
  }
}

function matching(
  ledgers: Iterable<LedgerRecord>,
  after: string,
  matches: (event: EventRecord) => boolean,
  limit: number,
): EventRecord[] {
  const found: EventRecord[] = [];
  for (const { events } of ledgers) {
    for (const event of events) {
      if (event.id <= after || !matches(event)) continue;
      found.push(event);
      if (found.length === limit) return found;
    }
  }
  return found;
}

function eventAnswer(event: EventRecord, output: Output): unknown {
  const fromText = (value: string) => Buffer.from(value, 'base64');
  return {
    type: event.type,
    ledger: event.ledger,
    ledgerClosedAt: new Date(event.closeTimeS * 1000).toISOString().replace('.000Z', 'Z'),
    contractId: event.contractId,
    id: event.id,
    operationIndex: event.operationIndex,
    transactionIndex: event.transactionIndex,
    txHash: event.txHash,
    inSuccessfulContractCall: event.successful,
    ...output.fields('topic', xdr.ScVal, event.topics.map(fromText)),
    ...output.field('value', xdr.ScVal, fromText(event.value)),
  };
}
