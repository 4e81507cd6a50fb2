/** POST /transactions: sends a transaction and answers when its ledger is closed. */
import { xdr } from '@stellar/stellar-sdk';
import type { Exchange } from '../http.ts';
import type { Chain } from '../ledger/chain.ts';
import type { SignedTransaction } from '../ledger/envelope.ts';
import type { TransactionRecord } from '../ledger/records.ts';
import { HorizonRefusal, problemOf } from './problem.ts';
import { resultCodes } from './result-codes.ts';
import type { Reply, Site } from './route.ts';
import { transactionResource } from './transaction-resource.ts';

/** How long Horizon waits for the ledger. */
const WAIT_MS = 30_000;

/** The successful transaction; throws HorizonRefusal for everything else. */
export async function submitAndWait(site: Site, envelope: string, { res }: Exchange): Promise<Reply> {
  const signed = readEnvelope(site.chain, envelope);
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  const record = site.chain.history.transaction(signed.hash) ?? (await sendAndWait(site, signed, envelope, gone));
  if (record.successful) return { status: 200, body: transactionResource(record, site.base) };
  throw failed(envelope, xdr.TransactionResult.fromXdr(record.result));
}

function readEnvelope(chain: Chain, envelope: string): SignedTransaction {
  try {
    return chain.read(Buffer.from(envelope, 'base64'));
  } catch {
    const detail = 'Horizon could not decode the transaction envelope in this request.';
    throw new HorizonRefusal(problemOf(400, 'transaction_malformed', detail, { envelope_xdr: envelope }));
  }
}

/**
 * A transaction that waits already, or for which there is no room just now, is no error here: it may still come into a
 * ledger, by this request or by an earlier one, and the answer is what became of it.
 */
async function sendAndWait(
  { chain, clock }: Site,
  signed: SignedTransaction,
  envelope: string,
  found: AbortController,
): Promise<TransactionRecord> {
  const answer = chain.submit(signed);
  if (answer.status === 'ERROR') throw failed(envelope, answer.result);
  const stop = chain.onClosed(() => {
    if (chain.history.transaction(signed.hash)) found.abort();
  });
  if (!chain.history.transaction(signed.hash)) await clock.sleep(WAIT_MS, found.signal);
  stop();
  const record = chain.history.transaction(signed.hash);
  if (record) return record;
  const detail =
    'No ledger has the transaction yet. It may still come into one: look for its hash before sending it again.';
  const extras = { hash: signed.hash, envelope_xdr: envelope };
  throw new HorizonRefusal(problemOf(504, 'transaction_submission_timeout', detail, extras));
}

function failed(envelope: string, result: xdr.TransactionResult): HorizonRefusal {
  const detail = 'The transaction failed when submitted to the stellar network.';
  const extras = { envelope_xdr: envelope, result_codes: resultCodes(result), result_xdr: result.toXdr('base64') };
  return new HorizonRefusal(problemOf(400, 'transaction_failed', detail, extras));
}
