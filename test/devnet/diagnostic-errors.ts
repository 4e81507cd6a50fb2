import { scValToNative, xdr } from '@stellar/stellar-sdk';
import type { Submitted } from './chain-rig.ts';

/** A diagnostic event in which a validator says what was wrong. */
export type ToldError = { part: string; code: string; text: string; args: unknown[] };

export function errorsOf({ answer, record }: Submitted): ToldError[] {
  const events = answer.status === 'ERROR' ? answer.diagnostics : diagnosticsOf(record?.meta);
  return events.flatMap((told) => toldError(told) ?? []);
}

/** The only one. */
export function errorOf(sent: Submitted): ToldError {
  const [error, ...others] = errorsOf(sent);
  if (!error || others.length > 0) throw new Error(`${others.length + (error ? 1 : 0)} errors are told`);
  return error;
}

/** The numbers told at the end of an invocation, by their names. */
export function metricsOf({ record }: Submitted): Record<string, bigint> {
  const told = diagnosticsOf(record?.meta).map(({ event }) => event.body.v0);
  const metrics = told.filter(({ topics: [first] }) => first && scValToNative(first) === 'core_metrics');
  return Object.fromEntries(
    metrics.map(({ topics: [, name], data }) => [name && scValToNative(name), scValToNative(data)]),
  );
}

function diagnosticsOf(meta: Uint8Array | undefined): xdr.DiagnosticEvent[] {
  const decoded = meta && xdr.TransactionMeta.fromXdr(meta);
  return decoded?.type === 'v4' ? decoded.v4.diagnosticEvents : [];
}

/** The host's own errors name a contract. */
function toldError({ event }: xdr.DiagnosticEvent): ToldError | undefined {
  const { topics, data } = event.body.v0;
  const [, error] = topics;
  if (event.contractId !== null || error?.type !== 'scvError' || !('code' in error.error)) return undefined;
  const [text, ...args] = data.type === 'scvVec' ? (data.vec ?? []) : [data];
  return {
    part: error.error.type,
    code: error.error.code.name,
    text: text && scValToNative(text),
    args: args.map((arg) => scValToNative(arg)),
  };
}
