import type { ErrorCode } from '../errors.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { BodyError } from './request-body.ts';

/** Why no final head came from the upstream. Whatever the reason, such a call costs nothing. */
export type UpstreamFailure = {
  ok: false;
  code: ErrorCode | 'client_gone';
  /** Error type of RFC 9209 for the Proxy-Status field; undefined when the upstream is not at fault. */
  proxyError: string | undefined;
  cause: Error;
};

/** Reads the errors of the upstream room once, here. */
export function judgeFailure(error: Error): UpstreamFailure {
  const body = error instanceof BodyError ? error : error.cause instanceof BodyError ? error.cause : undefined;
  if (body) return { ok: false, code: body.reason, proxyError: undefined, cause: body };
  const [code, proxyError] = error instanceof UpstreamError ? verdicts[error.kind] : unknown;
  return { ok: false, code, proxyError, cause: error };
}

const unknown: [ErrorCode, string] = ['upstream_bad_answer', 'proxy_internal_error'];

const verdicts: Record<UpstreamError['kind'], [ErrorCode, string]> = {
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
};
