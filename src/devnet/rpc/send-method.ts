import { xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import type { QueueAnswer } from '../ledger/queue.ts';
import { method, struct, text } from './decode-params.ts';
import { readTransaction } from './envelopes.ts';
import { RpcError, type RpcMethods } from './json-rpc.ts';
import { type Output, outputOf } from './xdr-output.ts';

const request = struct('SendTransactionRequest', { transaction: text, xdrFormat: text });

export const sendMethods: RpcMethods = { sendTransaction: method(request, sendTransaction) };

function sendTransaction({ transaction, xdrFormat }: ReturnType<typeof request>, chain: Chain): unknown {
  const output = outputOf(xdrFormat);
  const signed = readTransaction(chain, transaction);
  if (!signed) throw new RpcError('invalidParams', 'invalid_xdr');
  const { sequence, closeTimeS } = chain.history.latest();
  const answer = chain.submit(signed);
  return {
    status: answer.status,
    hash: signed.hash,
    latestLedger: sequence,
    latestLedgerCloseTime: String(closeTimeS),
    ...(answer.status === 'ERROR' ? errorFields(answer, output) : {}),
  };
}

function errorFields({ result, diagnostics }: Extract<QueueAnswer, { status: 'ERROR' }>, output: Output) {
  const events = diagnostics.map((event) => event.toXdr());
  return {
    ...output.field('errorResultXdr', xdr.TransactionResult, result.toXdr()),
    ...output.fields('diagnosticEventsXdr', xdr.DiagnosticEvent, events),
  };
}
