/** POST /transactions: sends a transaction and answers when its ledger is closed. */
import { xdr } from '@stellar/stellar-sdk';
import type { Exchange } from '../http.ts';
import type { SignedTransaction } from '../ledger/envelope.ts';
import { failedWith, transactionResult } from '../ledger/results.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { readEnvelope } from './form.ts';
import { HorizonRefusal, problemOf } from './problem.ts';
import { resultCodes } from './result-codes.ts';
import type { Reply, Site } from './route.ts';
import { transactionResource } from './transaction-resource.ts';

/** How long Horizon waits for the ledger. */
const WAIT_MS = 30_000;

/** The successful transaction; throws HorizonRefusal for everything else. */
export async function submitAndWait(site: Site, envelope: string, { res }: Exchange): Promise<Reply> {
  const signed = readEnvelope(site.chain, envelope);
  // Horizon itself refuses such a number, before it looks for anything.
  if (signed.tx.seqNum < 0n) throw failed(envelope, transactionResult(failedWith('txBadSeq'), 0n));
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  const record = site.chain.history.transaction(signed.hash) ?? (await sendAndWait(site, signed, envelope, gone));
  if (record.successful) return { status: 200, body: transactionResource(record, site.base) };
  throw failed(envelope, xdr.TransactionResult.fromXdr(record.result), {
    ofInner: record.signed.feeBump?.innerHash === signed.hash,
  });
}

/**
 * A transaction that waits already, or for which there is no room just now, is no error here: it may still come into a
 * ledger, by this request or by an earlier one, and the answer is what became of it. `ended` ends the wait.
 */
async function sendAndWait(
  { chain, clock }: Site,
  signed: SignedTransaction,
  envelope: string,
  ended: AbortController,
): Promise<TransactionRecord> {
  const answer = chain.submit(signed);
  if (answer.status === 'ERROR') throw failed(envelope, answer.result, { diagnostics: answer.diagnostics });
  const stop = chain.onClosed(() => {
    if (chain.history.transaction(signed.hash)) ended.abort();
  });
  if (!chain.history.transaction(signed.hash)) await clock.sleep(WAIT_MS, ended.signal);
  stop();
  const record = chain.history.transaction(signed.hash);
  if (record) return record;
  const detail =
    'No ledger has the transaction yet. It may still come into one: look for its hash before a new attempt.';
  const extras = { hash: signed.hash, envelope_xdr: envelope };
  throw new HorizonRefusal(problemOf(504, 'transaction_submission_timeout', detail, extras));
}

/** `diagnostics` are what the queue says of a transaction that it does not take. */
function failed(
  envelope: string,
  result: xdr.TransactionResult,
  { diagnostics = [], ofInner = false }: { diagnostics?: readonly xdr.DiagnosticEvent[]; ofInner?: boolean } = {},
): HorizonRefusal {
  const extras = {
    envelope_xdr: envelope,
    result_codes: resultCodes(result, ofInner),
    result_xdr: result.toXdr('base64'),
    ...(diagnostics.length > 0 ? { diagnostic_events: diagnostics.map((event) => event.toXdr('base64')) } : {}),
  };
  const told = 'The network did not take the transaction, or it failed in its ledger: see extras.result_codes.';
  return new HorizonRefusal(problemOf(400, 'transaction_failed', told, extras));
}
