import { type ErrorCode, GatewayError } from '../errors.ts';
import type { Headers } from '../http-json.ts';

/** A refusal that needs header fields of its own, such as `retry-after` or `www-authenticate`. */
export class PortalRefusal extends GatewayError {
  readonly headers: Headers;

  constructor(code: ErrorCode, detail: string | undefined, headers: Headers) {
    super(code, detail);
    this.headers = headers;
  }
}
