import { codeOf, tlsTrouble } from './tls-trouble.ts';

export type UpstreamErrorKind =
  | 'dns'
  | 'refused'
  | 'unroutable'
  | 'address_forbidden'
  | 'connect_timeout'
  | 'tls'
  | 'queue_timeout'
  | 'queue_full'
  | 'breaker_open'
  | 'no_healthy_target'
  | 'first_byte_timeout'
  | 'idle_timeout'
  | 'total_timeout'
  | 'closed'
  | 'reset'
  | 'protocol'
  | 'head_too_large'
  | 'aborted'
  | 'request_body'
  | 'slow_consumer'
  /** The gateway takes its answer for a bill that is not the consumer's. */
  | 'unpaid';

/** Why a call ended without a whole answer. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly kind: UpstreamErrorKind;
  /** When another try makes sense; undefined where the upstream was asked, and nobody knows. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: UpstreamErrorKind, message: string, cause?: unknown, retryAfterMs?: number) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Reads Node's errors of sockets once, here; nobody else knows their codes. */
export function dialError(error: Error, stage: 'connecting' | 'securing'): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const code = codeOf(error);
  if (stage === 'securing') return tlsError(error);
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NODATA':
      return new UpstreamError('dns', 'the name of the upstream was not found', error);
    case 'ECONNREFUSED':
      return new UpstreamError('refused', 'the upstream refused the connection', error);
    case 'ETIMEDOUT':
      return new UpstreamError('connect_timeout', 'the upstream did not connect in time', error);
    default:
      return new UpstreamError('unroutable', `no connection to the upstream: ${code || error.message}`, error);
  }
}

export function brokenConnection(error: Error): UpstreamError {
  if (codeOf(error).startsWith('ERR_SSL')) return tlsError(error);
  return new UpstreamError('reset', `the connection to the upstream broke: ${error.message}`, error);
}

/** Without its cause, whose words a log line would add. */
function tlsError(error: Error): UpstreamError {
  return new UpstreamError('tls', `TLS with the upstream failed: ${tlsTrouble(error)}`);
}
