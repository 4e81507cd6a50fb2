/** Which page of the history getLedgers and getTransactions are asked for. */
import type { History } from '../ledger/history.ts';
import { optional, struct, text, uint, uint32 } from './decode-params.ts';
import { RpcError } from './json-rpc.ts';
import { formatProblem } from './xdr-output.ts';

export const rangeFields = {
  startLedger: uint32,
  pagination: optional(struct('LedgerPaginationOptions', { cursor: text, limit: uint })),
  xdrFormat: text,
};

type RangeRequest = {
  startLedger: number;
  pagination: { cursor: string; limit: number } | undefined;
  xdrFormat: string;
};

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

/** Throws RpcError, with all that is wrong of page and format. Returns the cursor as it came, empty for none. */
export function readRange(
  { startLedger, pagination, xdrFormat }: RangeRequest,
  history: History,
): { cursor: string; limit: number } {
  const { cursor = '', limit = 0 } = pagination ?? {};
  const problems = [pageProblem(startLedger, cursor, limit, history), formatProblem(xdrFormat)].filter(Boolean);
  if (problems.length > 0) throw new RpcError('invalidRequest', problems.join('\n'));
  return { cursor, limit: limit || LIMIT_DEFAULT };
}

function pageProblem(start: number, cursor: string, limit: number, history: History): string | undefined {
  if (cursor !== '' && start !== 0) return `startLedger (${start}) and cursor (${cursor}) cannot both be set`;
  if (cursor === '' && !isKept(start, history)) return `start ledger (${start}) ${mustBeKept(history)}`;
  return limit > LIMIT_MAX ? `limit must not exceed ${LIMIT_MAX}` : undefined;
}

export function isKept(sequence: number, history: History): boolean {
  return sequence >= history.oldest().sequence && sequence <= history.latest().sequence;
}

export function mustBeKept(history: History): string {
  const oldest = history.oldest().sequence;
  const latest = history.latest().sequence;
  return `must be between the oldest ledger: ${oldest} and the latest ledger: ${latest} for this rpc instance`;
}

/** A whole number in decimal, as Go's strconv reads it. Throws RpcError in its words. */
export function parseInteger(value: string, kind: 'ParseInt' | 'ParseUint', bits: 32 | 64): bigint {
  const fail = (reason: string) =>
    new RpcError('invalidParams', `strconv.${kind}: parsing ${JSON.stringify(value)}: ${reason}`);
  if (!(kind === 'ParseInt' ? /^[+-]?\d+$/ : /^\d+$/).test(value)) throw fail('invalid syntax');
  const number = BigInt(value.replace('+', ''));
  const fits = kind === 'ParseInt' ? BigInt.asIntN(bits, number) : BigInt.asUintN(bits, number);
  if (fits !== number) throw fail('value out of range');
  return number;
}
