import { type ErrorCode, GatewayError } from '../errors.ts';
import type { Headers } from '../http-json.ts';

/** A refusal of the admin listener that carries header fields: how to authenticate, what is allowed, when to return. */
export class AdminRefusal extends GatewayError {
  readonly headers: Headers;

  constructor(code: ErrorCode, detail: string, headers: Headers) {
    super(code, detail);
    this.headers = headers;
  }
}
