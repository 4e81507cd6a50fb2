import type { FinishOutcome } from '../billing/charging.ts';
import type { ErrorCode } from '../errors.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import type { Reading } from './reading-pauses.ts';
import { BodyError } from './request-body.ts';

/** Why no final head came from the upstream. Whatever the reason, such a call costs nothing. */
export type UpstreamFailure = {
  ok: false;
  code: ErrorCode | 'client_gone';
  /** What the client may know of it beyond the code. */
  detail: string | undefined;
  /** Error type of RFC 9209 for the Proxy-Status field; undefined when the upstream is not at fault. */
  proxyError: string | undefined;
  /** Set where the upstream was not even asked, and it is known when it may be again. */
  retryAfterS: number | undefined;
  cause: Error;
};

/** Reads the errors of the upstream room once, here. */
export function judgeFailure(error: Error): UpstreamFailure {
  const body = error instanceof BodyError ? error : error.cause instanceof BodyError ? error.cause : undefined;
  if (body) {
    const { reason: code, detail } = body;
    return { ok: false, code, detail, proxyError: undefined, retryAfterS: undefined, cause: body };
  }
  if (!(error instanceof UpstreamError)) {
    return { ok: false, ...unknown, detail: undefined, retryAfterS: undefined, cause: error };
  }
  const [code, proxyError] = verdicts[error.kind];
  const { retryAfterMs } = error;
  const retryAfterS = retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return {
    ok: false,
    code,
    detail: details[error.kind],
    proxyError,
    retryAfterS,
    cause: error,
  };
}

/**
 * Who ended an answer behind its head. A client that breaks its own upload or does not finish it has ended it, whatever the
 * upstream did then, and so has one that does not read until the time of the whole call is over, or that let the upstream wait
 * for so long that the upstream hung up: none of them gets its money back. What else is given up here, a gateway that stops has
 * ended.
 */
export function brokenBy(error: Error, reading: Reading): FinishOutcome {
  if (reading !== 'kept_up' && error instanceof UpstreamError) {
    if (error.kind === 'total_timeout') return 'client_gone';
    if (reading === 'held_up' && (error.kind === 'closed' || error.kind === 'reset')) return 'client_gone';
  }
  if (judgeFailure(error).proxyError === undefined) return 'client_gone';
  return error instanceof UpstreamError && error.kind === 'aborted' ? 'gateway_failed' : 'upstream_broke';
}

const ended = 'it ended the connection before it answered';
const details: Partial<Record<UpstreamError['kind'], string>> = { closed: ended, reset: ended };

const unknown = { code: 'upstream_bad_answer', proxyError: 'proxy_internal_error' } as const;

const verdicts: Record<UpstreamError['kind'], [ErrorCode, string | undefined]> = {
  dns: ['upstream_unreachable', 'dns_error'],
  refused: ['upstream_unreachable', 'connection_refused'],
  unroutable: ['upstream_unreachable', 'destination_ip_unroutable'],
  address_forbidden: ['upstream_unreachable', 'destination_ip_prohibited'],
  connect_timeout: ['upstream_timeout', 'connection_timeout'],
  tls: ['upstream_unreachable', 'tls_certificate_error'],
  queue_timeout: ['upstream_timeout', 'http_response_timeout'],
  queue_full: ['upstream_unreachable', 'connection_limit_reached'],
  breaker_open: ['upstream_unreachable', 'destination_unavailable'],
  no_healthy_target: ['upstream_unreachable', 'destination_unavailable'],
  first_byte_timeout: ['upstream_timeout', 'http_response_timeout'],
  idle_timeout: ['upstream_timeout', 'http_response_timeout'],
  total_timeout: ['upstream_timeout', 'http_response_timeout'],
  closed: ['upstream_bad_answer', 'connection_terminated'],
  reset: ['upstream_bad_answer', 'connection_terminated'],
  protocol: ['upstream_bad_answer', 'http_protocol_error'],
  head_too_large: ['upstream_bad_answer', 'http_response_header_section_size'],
  aborted: ['upstream_bad_answer', 'connection_terminated'],
  request_body: ['bad_request', 'http_request_error'],
  slow_consumer: ['request_timeout', undefined],
  unpaid: ['upstream_unpaid', 'proxy_configuration_error'],
};
