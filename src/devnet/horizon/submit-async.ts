/** POST /transactions_async: sends a transaction and answers what the network says of it, without waiting. */
import type { QueueAnswer } from '../ledger/queue.ts';
import { readEnvelope } from './form.ts';
import type { Reply, Site } from './route.ts';

const STATUS: Readonly<Record<QueueAnswer['status'], number>> = {
  PENDING: 201,
  DUPLICATE: 409,
  TRY_AGAIN_LATER: 503,
  ERROR: 400,
};

/** A refusal is an answer as any other here, and no problem document; only what is no transaction is a problem. */
export async function submitAsync({ chain }: Site, envelope: string): Promise<Reply> {
  const signed = readEnvelope(chain, envelope);
  const answer = chain.submit(signed);
  const error = answer.status === 'ERROR' ? { error_result_xdr: answer.result.toXdr('base64') } : {};
  return { status: STATUS[answer.status], body: { ...error, tx_status: answer.status, hash: signed.hash } };
}
