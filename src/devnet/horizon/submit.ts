/** POST /transactions: sends a transaction and answers when its ledger is closed. */
import { xdr } from '@stellar/stellar-sdk';
import type { Clock } from '../../clock.ts';
import type { Chain } from '../ledger/chain.ts';
import type { SignedTransaction } from '../ledger/envelope.ts';
import type { TransactionRecord } from '../ledger/records.ts';
import { HorizonRefusal, problemOf } from './problem.ts';
import { resultCodes } from './result-codes.ts';

const WAIT_MS = 30_000;

/** The successful transaction; throws HorizonRefusal for everything else. */
export async function submit(chain: Chain, clock: Clock, form: string): Promise<TransactionRecord> {
  const envelope = new URLSearchParams(form).get('tx') ?? '';
  const signed = readEnvelope(chain, envelope);
  const known = chain.history.transaction(signed.hash);
  const record = known ?? (await sendAndWait(chain, clock, signed));
  if (record.successful) return record;
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

async function sendAndWait(chain: Chain, clock: Clock, signed: SignedTransaction): Promise<TransactionRecord> {
  const answer = chain.submit(signed);
  if (answer.status === 'ERROR') throw failed(Buffer.from(signed.envelope).toString('base64'), answer.result);
  if (answer.status === 'TRY_AGAIN_LATER') {
    const detail = 'Another transaction of this source account is waiting, or this one was applied a moment ago.';
    throw new HorizonRefusal(problemOf(503, 'service_unavailable', detail, { hash: signed.hash }));
  }
  const found = new AbortController();
  const stop = chain.onClosed(() => {
    if (chain.history.transaction(signed.hash)) found.abort();
  });
  if (!chain.history.transaction(signed.hash)) await clock.sleep(WAIT_MS, found.signal);
  stop();
  const record = chain.history.transaction(signed.hash);
  if (record) return record;
  const detail = 'The transaction was accepted, but no ledger has it yet.';
  throw new HorizonRefusal(problemOf(504, 'timeout', detail, { hash: signed.hash }));
}

function failed(envelope: string, result: xdr.TransactionResult): HorizonRefusal {
  const detail = 'The transaction failed when submitted to the stellar network.';
  const extras = { envelope_xdr: envelope, result_codes: resultCodes(result), result_xdr: result.toXdr('base64') };
  return new HorizonRefusal(problemOf(400, 'transaction_failed', detail, extras));
}
