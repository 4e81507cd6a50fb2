/** Which events a request of getEvents is for. */
import { StrKey, xdr } from '@stellar/stellar-sdk';
import type { EventRecord } from '../ledger/records.ts';
import { type Decoder, list, struct, text, undecodable } from './decode-params.ts';

const FILTERS_MAX = 5;
const CONTRACTS_MAX = 5;
const TOPIC_ROWS_MAX = 5;
const SEGMENTS_MAX = 4;

/** A wildcard or an ScVal in base64. */
const segment: Decoder<string> = (value, place) => {
  const read = text(value, place);
  if (!isWildcard(read) && !xdr.ScVal.validateXdr(read, 'base64')) throw undecodable('xdr:DecodeScVal: not an ScVal');
  return read;
};

function isWildcard(value: string): boolean {
  return value === '*' || value === '**';
}

const filter = struct('EventFilter', {
  type: text,
  contractIds: list(text, '[]string'),
  topics: list(list(segment, 'protocol.TopicFilter'), '[]protocol.TopicFilter'),
});

export type EventFilter = ReturnType<typeof filter>;
export const eventFilters = list(filter, '[]protocol.EventFilter');

/** What is wrong with them, told of the first that is wrong; undefined when nothing is. */
export function filtersProblem(filters: readonly EventFilter[]): string | undefined {
  if (filters.length > FILTERS_MAX) return `maximum ${FILTERS_MAX} filters per request`;
  return firstProblem(filters, filterProblem, (problem, number) => `filter ${number} invalid: ${problem}`);
}

function filterProblem({ type, contractIds, topics }: EventFilter): string | undefined {
  if (!typesOf(type).every((one) => one === 'contract' || one === 'system')) {
    return "filter type invalid: if set, type must be either 'system' or 'contract'";
  }
  if (contractIds.length > CONTRACTS_MAX) return `maximum ${CONTRACTS_MAX} contract IDs per filter`;
  if (topics.length > TOPIC_ROWS_MAX) return `maximum ${TOPIC_ROWS_MAX} topics per filter`;
  const wrong = contractIds.findIndex((id) => !StrKey.isValidContract(id));
  if (wrong >= 0) return `contract ID ${wrong + 1} invalid`;
  return firstProblem(topics, rowProblem, (problem, number) => `topic ${number} invalid: ${problem}`);
}

function rowProblem(row: readonly string[]): string | undefined {
  if (row.length === 0) return 'topic must have at least 1 segment';
  const { segments } = topicRow(row);
  const misplaced = segments.indexOf('**');
  if (misplaced >= 0) return `segment ${misplaced + 1} invalid: wildcard '**' is only allowed as the last segment`;
  return segments.length > SEGMENTS_MAX ? `topic cannot have more than ${SEGMENTS_MAX} segments` : undefined;
}

function firstProblem<Item>(
  items: readonly Item[],
  problemOf: (item: Item) => string | undefined,
  tell: (problem: string, number: number) => string,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const problem = problemOf(item);
    if (problem !== undefined) return tell(problem, index + 1);
  }
  return undefined;
}

function typesOf(type: string): string[] {
  return type === '' ? [] : type.split(',');
}

/** Segments that must match one by one; `open` lets more topics follow. */
type TopicRow = { segments: readonly string[]; open: boolean };

function topicRow(row: readonly string[]): TopicRow {
  const open = row.at(-1) === '**';
  return { segments: open ? row.slice(0, -1) : row, open };
}

/** Whether an event is one of those asked for: any filter that fits is enough, and none at all fits everything. */
export function eventMatcher(filters: readonly EventFilter[]): (event: EventRecord) => boolean {
  const matchers = filters.map(matcherOf);
  return (event) => matchers.length === 0 || matchers.some((matches) => matches(event));
}

function matcherOf({ type, contractIds, topics }: EventFilter): (event: EventRecord) => boolean {
  const types = typesOf(type);
  const rows = topics.map(topicRow);
  return (event) =>
    (types.length === 0 || types.includes(event.type)) &&
    (contractIds.length === 0 || contractIds.includes(event.contractId)) &&
    (rows.length === 0 || rows.some((row) => rowMatches(row, event.topics)));
}

function rowMatches({ segments, open }: TopicRow, topics: readonly string[]): boolean {
  const lengthFits = open ? topics.length >= segments.length : topics.length === segments.length;
  return lengthFits && segments.every((one, index) => one === '*' || one === topics[index]);
}

/** The contracts that alone can have such events; undefined when any may. */
export function contractsAskedFor(filters: readonly EventFilter[]): readonly string[] | undefined {
  if (filters.length === 0 || filters.some(({ contractIds }) => contractIds.length === 0)) return undefined;
  return filters.flatMap(({ contractIds }) => contractIds);
}
