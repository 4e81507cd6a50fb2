import type { ErrorCode } from '../errors.ts';
import { BodyError } from './request-body.ts';

/** Why no final head came from the upstream. Whatever the reason, such a call costs nothing. */
export type UpstreamFailure = {
  ok: false;
  code: ErrorCode | 'client_gone';
  /** Error type of RFC 9209 for the Proxy-Status field; undefined when the upstream is not at fault. */
  proxyError: string | undefined;
  /** A kept-alive connection had closed under the request before the upstream said anything: it may be sent once more. */
  retryable: boolean;
  cause: Error;
};

type Progress = { started: boolean; answered: boolean };

/** Reads undici's and Node's errors once, here; nobody else knows their codes. */
export function judgeFailure(error: Error, progress: Progress): UpstreamFailure {
  if (error instanceof BodyError) {
    return { ok: false, code: error.reason, proxyError: undefined, retryable: false, cause: error };
  }
  const [code, proxyError] = classify(codeOf(error), progress);
  return { ok: false, code, proxyError, retryable: closedWhileIdle(error, progress), cause: error };
}

function classify(code: string, progress: Progress): [ErrorCode, string] {
  switch (code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
      return ['upstream_timeout', 'http_response_timeout'];
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return ['upstream_timeout', 'connection_timeout'];
    case 'ECONNREFUSED':
      return ['upstream_unreachable', 'connection_refused'];
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return ['upstream_unreachable', 'dns_error'];
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return ['upstream_unreachable', 'destination_ip_unroutable'];
    case 'UND_ERR_HEADERS_OVERFLOW':
      return ['upstream_bad_answer', 'http_response_header_section_size'];
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
    case 'EPIPE':
      return ['upstream_bad_answer', 'connection_terminated'];
    default:
      if (code.startsWith('HPE_')) return ['upstream_bad_answer', 'http_protocol_error'];
      if (code.startsWith('ERR_TLS') || code.includes('CERT') || code.startsWith('ERR_SSL')) {
        return ['upstream_unreachable', 'tls_certificate_error'];
      }
      return progress.started
        ? ['upstream_bad_answer', 'http_protocol_error']
        : ['upstream_unreachable', 'destination_unavailable'];
  }
}

/**
 * True when a connection that had served before closed without a byte of this answer: an upstream that ends idle
 * connections races with us, and did not act. A fresh connection that closes has seen the request, so it is not that.
 */
function closedWhileIdle(error: Error, progress: Progress): boolean {
  if (progress.answered || codeOf(error) !== 'UND_ERR_SOCKET') return false;
  const socket: unknown = 'socket' in error ? error.socket : undefined;
  return typeof socket === 'object' && socket !== null && 'bytesRead' in socket && Number(socket.bytesRead) > 0;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
