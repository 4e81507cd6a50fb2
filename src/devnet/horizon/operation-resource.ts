/** An operation of a closed ledger as Horizon shows it. */
import { xdr } from '@stellar/stellar-sdk';
import { accountOf, accountText, operationSource } from '../ledger/envelope.ts';
import { toid } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { timeText } from './amounts.ts';
import { balanceChanges } from './balance-changes.ts';
import { balanceSubject } from './balance-subject.ts';
import { type OperationMeta, operationMetas } from './operation-meta.ts';
import { operationFields } from './operations/operation-fields.ts';
import { party } from './operations/party.ts';
import { sponsorOf } from './operations/sponsor-of.ts';

export type HistoryOperation = {
  /** TOID of the operation, counted from 1: its paging token. */
  readonly id: bigint;
  readonly record: TransactionRecord;
  /** Accounts under which it is listed, and the claimable balance it is about. */
  readonly participants: readonly string[];
  /** Whether it is listed among the payments. */
  readonly isPayment: boolean;
  /** What is special to this operation. */
  readonly details: Readonly<Record<string, unknown>>;
};

export function historyOperations(record: TransactionRecord, passphrase: string): HistoryOperation[] {
  const metas = lazily(() => operationMetas(record));
  return record.signed.tx.operations.map((_operation, index) => historyOperation(record, index, metas, passphrase));
}

function historyOperation(
  record: TransactionRecord,
  index: number,
  metas: () => OperationMeta[],
  passphrase: string,
): HistoryOperation {
  const { operations } = record.signed.tx;
  const operation = operations[index];
  if (!operation) throw new Error(`transaction ${record.hash} has no operation ${index}`);
  const { body } = operation;
  const source = operationSource(record.signed, operation);
  const pairs = () => metas()[index]?.pairs ?? [];
  const changes = body.type === 'invokeHostFunction' ? balanceChanges(metas()[index]?.events ?? [], passphrase) : [];
  const { fields, concerned } = operationFields(body, { record, index, source, pairs, changes });
  const sponsor = mayBeSponsored(body, operations) ? sponsorOf(body, pairs()) : undefined;
  const balance = balanceSubject(body, () => metas()[index]);
  const named = [accountText(accountOf(source)), ...concerned, sponsor, balance];
  return {
    id: toid(record.ledger, record.order, index + 1),
    record,
    participants: [...new Set(named.filter((address) => address !== undefined))],
    isPayment: PAYMENTS.includes(body.type) || changes.length > 0,
    details: { ...party('source_account', source), ...typeFields(body), ...fields, ...(sponsor ? { sponsor } : {}) },
  };
}

/** Sponsorship begins and ends within a transaction; claimable balances always have a sponsor. Meta is dear to decode. */
function mayBeSponsored(body: xdr.OperationBody, operations: readonly xdr.Operation[]): boolean {
  if (body.type === 'createClaimableBalance') return true;
  return operations.some((other) => other.body.type === 'beginSponsoringFutureReserves');
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

const PAYMENTS: readonly string[] = [
  'createAccount',
  'payment',
  'pathPaymentStrictReceive',
  'pathPaymentStrictSend',
  'accountMerge',
];

export function operationResource({ id, record, details }: HistoryOperation, base: string): Record<string, unknown> {
  const link = (path: string) => ({ href: `${base}${path}` });
  return {
    _links: {
      self: link(`/operations/${id}`),
      transaction: link(`/transactions/${record.hash}`),
      effects: link(`/operations/${id}/effects`),
      succeeds: link(`/effects?order=desc&cursor=${id}`),
      precedes: link(`/effects?order=asc&cursor=${id}`),
    },
    id: id.toString(),
    paging_token: id.toString(),
    transaction_successful: record.successful,
    ...details,
    created_at: timeText(record.closeTimeS),
    transaction_hash: record.hash,
  };
}

/** `changeTrust` is `change_trust` here. */
function typeFields(body: xdr.OperationBody) {
  const type = body.type.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { type, type_i: xdr.OperationType[body.type].value };
}
