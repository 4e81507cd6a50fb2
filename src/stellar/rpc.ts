import type { Clock } from '../clock.ts';
import { createJsonRpc, isRecord, RpcError } from './json-rpc.ts';
import {
  type EntriesAnswer,
  type EventsPage,
  entryList,
  eventsPage,
  integer,
  type LedgerSpan,
  ledgerSpan,
  type SendAnswer,
  type SimulateAnswer,
  sendAnswer,
  simulateAnswer,
  type TransactionAnswer,
  transactionAnswer,
} from './rpc-answers.ts';

/**
 * The questions we ask a Stellar RPC server, typed. Nothing here decodes a ledger header: newer protocols add forms the SDK
 * cannot read, and every close time we need stands in an answer as a plain number.
 */
export type Rpc = {
  readonly passphrase: string;
  /** Throws `wrong_network` unless the server serves our passphrase; asks again after a minute. */
  verifyNetwork(signal?: AbortSignal): Promise<void>;
  health(signal?: AbortSignal): Promise<LedgerSpan>;
  /** The newest closed ledger and when it closed. */
  latestLedger(signal?: AbortSignal): Promise<{ ledger: number; closedAtS: number }>;
  events(request: EventsRequest, signal?: AbortSignal): Promise<EventsPage>;
  transaction(hash: string, signal?: AbortSignal): Promise<TransactionAnswer>;
  send(envelopeXdr: string, signal?: AbortSignal): Promise<SendAnswer>;
  simulate(envelopeXdr: string, signal?: AbortSignal): Promise<SimulateAnswer>;
  entries(keysXdr: string[], signal?: AbortSignal): Promise<EntriesAnswer>;
  /** What nine of ten recent Soroban transactions paid at most for inclusion, stroops. */
  inclusionFeeStroops(signal?: AbortSignal): Promise<number>;
};

/** Either from a ledger on, or after a cursor. */
export type EventsRequest = {
  from: { startLedger: number; endLedger?: number } | { cursor: string };
  contractId: string;
  /** Topic patterns; `*` matches one, a last `**` any rest. */
  topics?: string[][];
  limit: number;
};

export type RpcOptions = {
  url: string;
  passphrase: string;
  clock: Clock;
  timeoutMs?: number;
  fetch?: typeof globalThis.fetch | undefined;
};

/** Keys one getLedgerEntries request may hold. */
const keysMax = 200;

/** How long one proof of the passphrase counts, ms. */
const networkProofMs = 60_000;

export function createRpc(options: RpcOptions): Rpc {
  const { passphrase, clock } = options;
  const call = createJsonRpc({ ...options, timeoutMs: options.timeoutMs ?? 15_000 });
  let provenAtMs: number | undefined;

  return {
    passphrase,
    async verifyNetwork(signal) {
      if (provenAtMs !== undefined && clock.monotonicMs() - provenAtMs < networkProofMs) return;
      const answer = await call('getNetwork', undefined, signal);
      if (answer.passphrase !== passphrase) {
        throw new RpcError('wrong_network', `the RPC serves "${String(answer.passphrase)}", not "${passphrase}"`);
      }
      provenAtMs = clock.monotonicMs();
    },
    async health(signal) {
      return ledgerSpan(await call('getHealth', undefined, signal));
    },
    async latestLedger(signal) {
      // Every answer about a transaction says the newest ledger's close time, also about one that does not exist.
      const answer = transactionAnswer(await call('getTransaction', { hash: '0'.repeat(64) }, signal));
      return { ledger: answer.latestLedger, closedAtS: answer.latestClosedAtS };
    },
    async events(request, signal) {
      const { from, contractId, topics, limit } = request;
      const filter = { type: 'contract', contractIds: [contractId], ...(topics ? { topics } : {}) };
      const pagination = 'cursor' in from ? { cursor: from.cursor, limit } : { limit };
      const range = 'cursor' in from ? {} : from;
      const answer = await call('getEvents', { ...range, filters: [filter], pagination }, signal);
      return eventsPage(answer);
    },
    async transaction(hash, signal) {
      return transactionAnswer(await call('getTransaction', { hash }, signal));
    },
    async send(transaction, signal) {
      return sendAnswer(await call('sendTransaction', { transaction }, signal));
    },
    async simulate(transaction, signal) {
      return simulateAnswer(await call('simulateTransaction', { transaction }, signal));
    },
    async entries(keysXdr, signal) {
      const answer: EntriesAnswer = { latestLedger: Number.POSITIVE_INFINITY, entries: [] };
      for (let start = 0; start < keysXdr.length; start += keysMax) {
        const keys = keysXdr.slice(start, start + keysMax);
        const part = await call('getLedgerEntries', { keys }, signal);
        answer.latestLedger = Math.min(answer.latestLedger, integer(part, 'latestLedger'));
        answer.entries.push(...entryList(part));
      }
      return answer;
    },
    async inclusionFeeStroops(signal) {
      const answer = await call('getFeeStats', undefined, signal);
      const stats = isRecord(answer.sorobanInclusionFee) ? answer.sorobanInclusionFee : {};
      return integer(stats, 'p90');
    },
  };
}
