import { type ErrorCode, errorStatus, errorTable } from '../errors.ts';

/** Error types of RFC 9209 by what the gateway answered itself; an upstream's failure brings its own. */
function errorTypeOf(code: ErrorCode): string {
  const status = errorStatus(code);
  switch (status) {
    case 401:
    case 402:
    case 403:
      return 'http_request_denied';
    case 500:
      return 'proxy_internal_error';
    case 501:
    case 503:
      // The upstream was never asked.
      return 'proxy_internal_response';
    default:
      return status < 500 ? 'http_request_error' : 'destination_unavailable';
  }
}

/** Whose answer it is, for those who see a 404 or 503 and wonder: made once, since it goes onto every refusal. */
const texts = new Map(
  Object.keys(errorTable).map((code) => [code, `callora; error=${errorTypeOf(code as ErrorCode)}; details="${code}"`]),
);

export function proxyStatus(code: ErrorCode): string {
  return texts.get(code) ?? 'callora';
}

/** The same for an upstream that gave no answer, with the type that says how. */
export function upstreamProxyStatus(errorType: string): string {
  return `callora; error=${errorType}`;
}

/**
 * An upstream's list of the proxies behind this gateway (RFC 9209, section 2) passes, to show where in the chain a call has
 * failed; one that names this gateway anywhere would be taken for its own word on whose fault it was.
 */
export function speaksAsUs(value: string): boolean {
  return value.toLowerCase().includes('callora');
}
