import { isRecord, RpcError } from './json-rpc.ts';

/** The answers of a Stellar RPC server, read field by field: what is missing is an error, never a guess. */

export type LedgerSpan = { latestLedger: number; oldestLedger: number };

export type RawEvent = {
  id: string;
  ledger: number;
  closedAtMs: number;
  txHash: string;
  contractId: string;
  topicsXdr: string[];
  valueXdr: string;
};

/** A record of the page that lacks even the fields every event has. */
export type BrokenEvent = { broken: true; id: string | undefined; ledger: number | undefined; text: string };

export type EventsPage = LedgerSpan & {
  /** In chain order. */
  events: (RawEvent | BrokenEvent)[];
  /** Where the next page starts; past the last ledger that was looked through. */
  cursor: string;
  /** Close time of the latest ledger, ms, where the server says it. */
  latestClosedAtMs: number | undefined;
};

export type TransactionAnswer = LedgerSpan & { latestClosedAtS: number } & (
    | { status: 'NOT_FOUND' }
    | {
        status: 'SUCCESS' | 'FAILED';
        ledger: number;
        closedAtS: number;
        resultXdr: string | undefined;
        envelopeXdr?: string | undefined;
        /** Contract events of each operation; undefined where the server does not give them. */
        contractEventsXdr: string[][] | undefined;
      }
  );

export type SendAnswer = {
  status: 'PENDING' | 'DUPLICATE' | 'TRY_AGAIN_LATER' | 'ERROR';
  hash: string;
  latestLedger: number;
  errorResultXdr: string | undefined;
};

export type SimulateAnswer =
  | {
      ok: true;
      latestLedger: number;
      transactionDataXdr: string;
      minResourceFee: bigint;
      returnXdr: string | undefined;
      authXdr: string[];
    }
  | { ok: false; latestLedger: number; error: string };

export type EntriesAnswer = {
  /** Every entry is of this ledger or a later one. */
  latestLedger: number;
  entries: {
    keyXdr: string;
    dataXdr: string;
    liveUntilLedger: number | undefined;
    /** Ledger of its last change; undefined where the server does not say. */
    modifiedLedger?: number | undefined;
  }[];
};

export function ledgerSpan(answer: Record<string, unknown>): LedgerSpan {
  return { latestLedger: integer(answer, 'latestLedger'), oldestLedger: integer(answer, 'oldestLedger') };
}

export function eventsPage(answer: Record<string, unknown>): EventsPage {
  const list = answer.events;
  if (!Array.isArray(list)) throw new RpcError('unreadable', 'getEvents: no list of events');
  const closedAtS = optionalInteger(answer, 'latestLedgerCloseTime');
  return {
    latestLedger: integer(answer, 'latestLedger'),
    // Servers before v23 leave it out; the watcher takes it from getHealth as well.
    oldestLedger: optionalInteger(answer, 'oldestLedger') ?? 0,
    latestClosedAtMs: closedAtS === undefined ? undefined : closedAtS * 1000,
    cursor: text(answer, 'cursor'),
    events: list.map(readEvent),
  };
}

/** One half-typed record must not hide the good ones around it. */
function readEvent(value: unknown): RawEvent | BrokenEvent {
  const record = isRecord(value) ? value : {};
  const { id, ledger, ledgerClosedAt, txHash, contractId, topic, value: valueXdr } = record;
  const closedAtMs = typeof ledgerClosedAt === 'string' ? Date.parse(ledgerClosedAt) : Number.NaN;
  const topicsXdr = Array.isArray(topic) && topic.every((part) => typeof part === 'string') ? topic : undefined;
  if (
    typeof id === 'string' &&
    Number.isSafeInteger(ledger) &&
    typeof ledger === 'number' &&
    typeof txHash === 'string' &&
    typeof contractId === 'string' &&
    typeof valueXdr === 'string' &&
    topicsXdr &&
    !Number.isNaN(closedAtMs)
  ) {
    return { id, ledger, closedAtMs, txHash, contractId, topicsXdr, valueXdr };
  }
  return {
    broken: true,
    id: typeof id === 'string' ? id : undefined,
    ledger: typeof ledger === 'number' && Number.isSafeInteger(ledger) ? ledger : undefined,
    text: JSON.stringify(value ?? null).slice(0, 4_000),
  };
}

export function transactionAnswer(answer: Record<string, unknown>): TransactionAnswer {
  const base = { ...ledgerSpan(answer), latestClosedAtS: integer(answer, 'latestLedgerCloseTime') };
  const { status } = answer;
  if (status === 'NOT_FOUND') return { ...base, status };
  if (status !== 'SUCCESS' && status !== 'FAILED') {
    throw new RpcError('unreadable', `getTransaction: status ${String(status)}`);
  }
  const events = isRecord(answer.events) ? answer.events.contractEventsXdr : undefined;
  return {
    ...base,
    status,
    ledger: integer(answer, 'ledger'),
    closedAtS: integer(answer, 'createdAt'),
    resultXdr: optionalText(answer, 'resultXdr'),
    envelopeXdr: optionalText(answer, 'envelopeXdr'),
    contractEventsXdr: isTextTable(events) ? events : undefined,
  };
}

export function sendAnswer(answer: Record<string, unknown>): SendAnswer {
  const { status } = answer;
  if (status !== 'PENDING' && status !== 'DUPLICATE' && status !== 'TRY_AGAIN_LATER' && status !== 'ERROR') {
    throw new RpcError('transport', `sendTransaction: status ${String(status)}`);
  }
  return {
    status,
    hash: text(answer, 'hash'),
    latestLedger: integer(answer, 'latestLedger'),
    errorResultXdr: optionalText(answer, 'errorResultXdr'),
  };
}

export function simulateAnswer(answer: Record<string, unknown>): SimulateAnswer {
  const latestLedger = integer(answer, 'latestLedger');
  if (typeof answer.error === 'string') return { ok: false, latestLedger, error: answer.error };
  const first: unknown = Array.isArray(answer.results) ? answer.results[0] : undefined;
  const result = isRecord(first) ? first : {};
  return {
    ok: true,
    latestLedger,
    transactionDataXdr: text(answer, 'transactionData'),
    minResourceFee: BigInt(integer(answer, 'minResourceFee')),
    returnXdr: optionalText(result, 'xdr'),
    authXdr: Array.isArray(result.auth) ? result.auth.map(String) : [],
  };
}

export function entryList(answer: Record<string, unknown>): EntriesAnswer['entries'] {
  if (answer.entries === null || answer.entries === undefined) return [];
  if (!Array.isArray(answer.entries)) throw new RpcError('unreadable', 'getLedgerEntries: no list of entries');
  return answer.entries.filter(isRecord).map((entry) => ({
    keyXdr: text(entry, 'key'),
    dataXdr: text(entry, 'xdr'),
    liveUntilLedger: optionalInteger(entry, 'liveUntilLedgerSeq'),
    modifiedLedger: optionalInteger(entry, 'lastModifiedLedgerSeq'),
  }));
}

/** Servers write 64-bit numbers as text and 32-bit ones as numbers, and differ over the years. */
export function integer(record: Record<string, unknown>, field: string): number {
  const value = optionalInteger(record, field);
  if (value === undefined) throw new RpcError('unreadable', `the answer has no number in "${field}"`);
  return value;
}

function optionalInteger(record: Record<string, unknown>, field: string): number | undefined {
  const value = record[field];
  if (typeof value === 'string' && /^[0-9]{1,16}$/.test(value)) return Number(value);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function text(record: Record<string, unknown>, field: string): string {
  const value = record[field];
  if (typeof value !== 'string') throw new RpcError('unreadable', `the answer has no text in "${field}"`);
  return value;
}

function optionalText(record: Record<string, unknown>, field: string): string | undefined {
  const value = record[field];
  return typeof value === 'string' ? value : undefined;
}

function isTextTable(value: unknown): value is string[][] {
  return (
    Array.isArray(value) &&
    value.every((row) => Array.isArray(row) && row.every((cell: unknown) => typeof cell === 'string'))
  );
}
