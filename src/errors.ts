/**
 * Every public error of the gateway: code, status, title. A code never changes meaning and is never reused;
 * docs/errors.md has one row per code, and a test compares the two.
 */
export const errorTable = {
  // The request itself
  bad_request: [400, 'The request is malformed'],
  bad_path: [400, 'The path is not in canonical form'],
  bad_parameter: [400, 'A parameter is wrong'],
  bad_challenge: [400, 'The login challenge is not acceptable'],
  not_implemented: [501, 'The request uses a feature this gateway does not forward'],
  not_found: [404, 'There is nothing here'],
  method_not_allowed: [405, 'This path is sold with other methods'],
  upgrade_required: [426, 'This path opens a WebSocket'],
  body_too_large: [413, 'The request body is larger than this route takes'],
  target_too_long: [414, 'The request target is too long'],
  head_too_large: [431, 'The request head is too large'],
  expectation_failed: [417, 'The request expects what this gateway cannot meet'],
  request_timeout: [408, 'The request did not arrive in time'],
  // Who is calling
  token_missing: [401, 'An access token is required'],
  token_invalid: [401, 'The access token is not valid'],
  token_expired: [401, 'The access token has expired'],
  token_revoked: [401, 'The access token has been revoked'],
  session_required: [401, 'A fresh wallet session is required'],
  admin_token_invalid: [401, 'The admin token is missing or wrong'],
  scope_missing: [403, 'The access token does not cover this API'],
  address_blocked: [403, 'This address may not call this gateway'],
  rate_limited: [429, 'Too many calls'],
  too_many_waiting: [429, 'Too many calls of this account are waiting'],
  // Idempotency-Key
  idempotency_key_invalid: [400, 'The Idempotency-Key is malformed'],
  idempotency_in_progress: [409, 'A call with this Idempotency-Key is under way'],
  idempotency_in_doubt: [409, 'Nobody knows how the call with this Idempotency-Key ended'],
  idempotency_not_replayable: [409, 'The answer to this Idempotency-Key was not kept'],
  idempotency_mismatch: [422, 'This Idempotency-Key belongs to another request'],
  idempotency_keys_full: [429, 'Too many Idempotency-Keys of this account are kept'],
  idempotency_store_full: [503, 'No more Idempotency-Keys can be kept'],
  // Money
  balance_too_low: [402, 'The prepaid balance does not cover the price'],
  limit_reached: [402, 'The limit set on chain does not cover the price'],
  token_cap_reached: [402, 'The spend cap of this token does not cover the price'],
  account_suspended: [402, 'The account is suspended until its open charges are paid'],
  // Why paid calls stop
  sales_stopped: [503, 'Paid calls are stopped until the books can be checked against the chain'],
  watcher_stale: [503, 'Paid calls are stopped: the chain has not been seen for too long'],
  settlement_stale: [503, 'Paid calls are stopped: settlement is too far behind'],
  exposure_reached: [503, 'Paid calls are stopped: too much is unsettled'],
  vault_paused: [503, 'Paid calls are stopped: the vault is paused'],
  api_paused: [503, 'Calls to this API are paused'],
  payee_removed: [503, 'Paid calls to this API are stopped: its payee is not listed in the vault'],
  journal_unavailable: [503, 'Paid calls are stopped: charges cannot be written'],
  shutting_down: [503, 'The gateway is shutting down'],
  overloaded: [503, 'The gateway has too many connections'],
  // The upstream
  upstream_unreachable: [502, 'The upstream could not be reached'],
  upstream_bad_answer: [502, 'The upstream gave no valid answer'],
  upstream_timeout: [504, 'The upstream did not answer in time'],
  upstream_unpaid: [502, 'The upstream wants to be paid by the gateway'],
  // Operator API
  exit_pending: [409, 'An exit of this account is already signed'],
  exit_too_large: [409, 'More than can leave the account now'],
  exit_refused: [409, 'The network would not carry this exit out'],
  conflict: [409, 'The request does not fit the current state'],
  chain_unavailable: [503, 'The Stellar network could not be asked'],
  internal: [500, 'The gateway failed'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ErrorCode = keyof typeof errorTable;

/** A failure with two texts: `detail` may be shown to anyone, the message and cause are for the log. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown; internal?: string }) {
    super(options?.internal ?? detail ?? errorTable[code][1], { cause: options?.cause });
    this.code = code;
    this.detail = detail;
  }
}

export function errorStatus(code: ErrorCode): number {
  return errorTable[code][0];
}

/** RFC 9457 problem details. `type` is a path that the gateway itself answers, so it resolves wherever it is deployed. */
export type Problem = { type: string; title: string; status: number; code: ErrorCode; detail?: string } & Record<
  string,
  unknown
>;

export function problem(code: ErrorCode, detail?: string, extra: Record<string, unknown> = {}): Problem {
  const [status, title] = errorTable[code];
  return { type: `/_callora/errors/${code}`, title, status, code, ...(detail ? { detail } : {}), ...extra };
}
