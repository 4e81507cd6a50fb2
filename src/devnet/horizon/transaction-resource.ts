/** A transaction of a closed ledger as Horizon shows it. */
import { xdr } from '@stellar/stellar-sdk';
import { payerOf } from '../ledger/close.ts';
import { accountText, muxedText } from '../ledger/envelope.ts';
import { feeBid } from '../ledger/fees.ts';
import { toid } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { timeText } from './amounts.ts';
import { preconditionFields } from './precondition-fields.ts';

/** TOID of the transaction: its paging token. */
export function transactionToid(record: TransactionRecord): bigint {
  return toid(record.ledger, record.order, 0);
}

/** `shown` is the hash it is shown under: its own, or that of the transaction within a fee bump when it was asked for by that. */
export function transactionResource(
  record: TransactionRecord,
  base: string,
  shown: string = record.signed.hash,
): Record<string, unknown> {
  const { signed } = record;
  const link = (path: string) => ({ href: `${base}${path}` });
  const paged = (path: string) => ({ ...link(`${path}{?cursor,limit,order}`), templated: true });
  const id = transactionToid(record).toString();
  const self = `/transactions/${shown}`;
  const signatures = shown === signed.hash ? (signed.feeBump?.signatures ?? signed.signatures) : signed.signatures;
  const source = accountText(signed.source);
  const muxed = muxedText(signed.tx.sourceAccount);
  const payer = signed.feeBump ? muxedText(signed.feeBump.feeSourceMuxed) : muxed;
  return {
    _links: {
      self: link(self),
      account: link(`/accounts/${source}`),
      ledger: link(`/ledgers/${record.ledger}`),
      operations: paged(`${self}/operations`),
      effects: paged(`${self}/effects`),
      precedes: link(`/transactions?order=asc&cursor=${id}`),
      succeeds: link(`/transactions?order=desc&cursor=${id}`),
      transaction: link(self),
    },
    id: shown,
    paging_token: id,
    successful: record.successful,
    hash: shown,
    ledger: record.ledger,
    created_at: timeText(record.closeTimeS),
    source_account: source,
    ...(muxed ? { account_muxed: muxed.text, account_muxed_id: muxed.id } : {}),
    source_account_sequence: signed.tx.seqNum.toString(),
    fee_account: accountText(payerOf(signed)),
    ...(payer ? { fee_account_muxed: payer.text, fee_account_muxed_id: payer.id } : {}),
    fee_charged: record.feeChargedStroops.toString(),
    max_fee: feeBid(signed).toString(),
    operation_count: signed.tx.operations.length,
    envelope_xdr: Buffer.from(signed.envelope).toString('base64'),
    result_xdr: Buffer.from(record.result).toString('base64'),
    result_meta_xdr: Buffer.from(record.meta).toString('base64'),
    fee_meta_xdr: xdr.encodeArray(xdr.LedgerEntryChange, record.feeChanges, 'base64'),
    ...memoFields(signed.tx.memo),
    signatures: signatures.map(signatureText),
    ...preconditionFields(signed.tx),
    ...feeBumpFields(record),
  };
}

function signatureText({ signature }: xdr.DecoratedSignature): string {
  return Buffer.from(signature.value).toString('base64');
}

function memoFields(memo: xdr.Memo): Record<string, string> {
  switch (memo.type) {
    case 'memoNone':
      return { memo_type: 'none' };
    case 'memoText': {
      const bytes = Buffer.from(memo.text.bytes);
      return { memo_type: 'text', memo: bytes.toString('utf8'), memo_bytes: bytes.toString('base64') };
    }
    case 'memoId':
      return { memo_type: 'id', memo: memo.id.toString() };
    case 'memoHash':
      return { memo_type: 'hash', memo: Buffer.from(memo.hash.value).toString('base64') };
    case 'memoReturn':
      return { memo_type: 'return', memo: Buffer.from(memo.retHash.value).toString('base64') };
  }
}

function feeBumpFields({ signed }: TransactionRecord): Record<string, unknown> {
  if (!signed.feeBump) return {};
  const { innerHash, signatures } = signed.feeBump;
  return {
    fee_bump_transaction: { hash: signed.hash, signatures: signatures.map(signatureText) },
    inner_transaction: {
      hash: innerHash,
      signatures: signed.signatures.map(signatureText),
      max_fee: String(signed.tx.fee),
    },
  };
}
