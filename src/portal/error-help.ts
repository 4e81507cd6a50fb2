import { type ErrorCode, errorTable } from '../errors.ts';

/**
 * When each public error happens and what to do about it, in words for the caller who meets it. docs/errors.md prints
 * the same texts, and a test compares the two.
 */
export const errorHelp: Record<ErrorCode, { when: string; remedy: string }> = {
  bad_request: {
    when: 'The request line, a header field or the body is not valid HTTP, or not in the form this path takes.',
    remedy: 'Read `detail`, correct the client. Nothing was forwarded or charged.',
  },
  bad_path: {
    when: 'The path has dot segments, doubled slashes, an encoded slash or other text with more than one reading, or the API may take it for another path that costs more.',
    remedy: 'Send the path in its plain form, as it is listed: the path that is priced is the path that is forwarded.',
  },
  bad_parameter: {
    when: 'A parameter or a field of the body is missing, unknown or out of range.',
    remedy: 'Read `detail`: it names the parameter and what it takes.',
  },
  bad_challenge: {
    when: 'The signed login transaction is not one this gateway made, is too old, was used before, or lacks a signature of the account.',
    remedy:
      'Fetch a new challenge from `/_callora/login`, sign it once with the account key, send it back within its time bounds.',
  },
  not_implemented: {
    when: 'The request uses a feature the gateway does not forward, such as an upgrade to anything but a WebSocket, or one that this path does not sell.',
    remedy:
      'Send the request without that feature. Java’s `HttpClient` and `curl --http2` ask for HTTP/2 over plain `http:`; have them use HTTP/1.1.',
  },
  not_found: {
    when: 'No API is mounted at this path, its API sells listed routes only, or the thing asked for does not exist.',
    remedy: 'Look the route up in `/_callora/catalog`; paths are compared byte for byte, trailing slashes included.',
  },
  method_not_allowed: {
    when: 'The path exists with other methods.',
    remedy: 'Use one of the methods in the `allow` header.',
  },
  upgrade_required: {
    when: 'The path sells a WebSocket and the request does not ask for one as RFC 6455 wants it, in version 13.',
    remedy: 'Connect with a WebSocket client, and send the token in its `authorization` header.',
  },
  body_too_large: {
    when: 'The request body is longer than the route takes.',
    remedy: 'Send less at once, or ask the operator to raise the bound of this route.',
  },
  target_too_long: {
    when: 'Path and query together are longer than the gateway reads.',
    remedy: 'Move long parameters into a request body, if the API takes them there.',
  },
  head_too_large: {
    when: 'The header fields are too many or too long.',
    remedy: 'Send fewer or shorter header fields; a token text is at most a few kilobytes.',
  },
  expectation_failed: {
    when: 'The `expect` field asks for anything but `100-continue`.',
    remedy: 'Send the request without that field. Nothing was forwarded or charged.',
  },
  request_timeout: {
    when: 'The head or the body of the request did not arrive in time.',
    remedy: 'Send it again over a better connection. Nothing was charged.',
  },
  token_missing: {
    when: 'The route wants an access token and the request has no `authorization: Bearer` header.',
    remedy: 'Get a token with `callora login` or from the operator, and send it in the header, never in the query.',
  },
  token_invalid: {
    when: 'The token is malformed, was signed by another key, or was made for another gateway.',
    remedy: 'Log in again at this gateway. If it was copied by hand, check that no character is missing.',
  },
  token_expired: {
    when: 'The life of the token is over.',
    remedy: 'Log in again.',
  },
  token_revoked: {
    when: 'The operator or the holder has revoked this token. A revoked token never works again.',
    remedy: 'Log in again, or ask the operator why.',
  },
  session_required: {
    when: 'Moving money out, issuing or revoking tokens was asked without a wallet session, with an access token, or with a session that has ended.',
    remedy:
      'Sign a challenge from `/_callora/login` with the account key, send it to `/_callora/session`, and use the session it answers as the bearer within 10 minutes. Access tokens can only read.',
  },
  admin_token_invalid: {
    when: 'The operator API was called without the admin token, with another one, or in a session of the dashboard that is over.',
    remedy:
      'Send the content of the file at `admin.token_file` as a bearer token. The command line reads it through `--config`.',
  },
  scope_missing: {
    when: 'The token is valid, but its scope does not name this API.',
    remedy: 'Get a token whose scope covers the API.',
  },
  address_blocked: {
    when: 'The operator lets no calls in from this network address.',
    remedy: 'Call from another address, or ask the operator.',
  },
  rate_limited: {
    when: 'More calls than one of the rates of account, token or address lets in, or than this page takes in a moment.',
    remedy:
      'Wait as long as `retry-after` says; `ratelimit` shows what each rate has left. Refused calls cost nothing.',
  },
  too_many_waiting: {
    when: 'Too many calls of the account are in flight at once, here or at this API; `detail` says how many may be.',
    remedy: 'Let some of them end before starting more.',
  },
  idempotency_key_invalid: {
    when: 'The `idempotency-key` field is there twice, is empty, is longer than 255 characters, or has other characters than visible ASCII.',
    remedy: 'Send one key, such as a UUID, with or without quotes. Nothing was forwarded or charged.',
  },
  idempotency_in_progress: {
    when: 'An earlier call of the account with the same key has not ended yet.',
    remedy:
      'Wait as long as `retry-after` says and send the same request again: it is answered with what the first one got.',
  },
  idempotency_in_doubt: {
    when: 'The gateway stopped, or could not write, while the call `call` with this key was under way: it may have reached the upstream, so it is not sent again.',
    remedy:
      'Look at call `call` in your usage, and at its effect if the API shows it. To call again all the same, use a new key.',
  },
  idempotency_not_replayable: {
    when: 'The call `call` with this key has ended, but its answer was too large to be kept, found no room among your other calls, never came whole, or came in a way that does not show whether it did.',
    remedy: 'Look at call `call` in your usage; fetch its result another way, or call again with a new key.',
  },
  idempotency_mismatch: {
    when: 'The key was used for another method, API, path, query, body or content field than this request has.',
    remedy: 'Use a new key for each different request, and repeat a request without changing it.',
  },
  idempotency_keys_full: {
    when: 'The account has as many keys, or as many bytes of answers, as the gateway keeps for one account; of a free route, a part of that.',
    remedy:
      'Send the call without a key, or wait until older keys are past their life; no key that is kept is given up early.',
  },
  idempotency_store_full: {
    when: 'The gateway has as many keys, or as many bytes of answers, as it keeps in all; of a free route, a part of that.',
    remedy:
      'Send the call without a key, or try again later. The operator can raise the limits under `gateway.idempotency`.',
  },
  balance_too_low: {
    when: 'What is left of the prepaid balance, after calls in flight and calls not yet settled, is less than the price.',
    remedy:
      'Deposit at least `shortfall`; `pay` lists the ways. The balance counts as soon as the deposit is seen on chain.',
  },
  limit_reached: {
    when: 'The limit the account has set in the vault leaves less than the price in this period.',
    remedy: 'Wait until `resets_at`, or raise the limit with `set_limit` on the vault.',
  },
  token_cap_reached: {
    when: 'The spend cap of this token leaves less than the price.',
    remedy: 'Get a new token. The balance of the account may well be enough.',
  },
  account_suspended: {
    when: 'The vault held less than the calls had cost, and the difference is still open.',
    remedy: 'Deposit at least `shortfall`: the open charges are settled first, then calls go on.',
  },
  sales_stopped: {
    when: 'The books and the chain disagree, or have not been compared since a restart.',
    remedy: 'Try again later. The operator finds the reason with `callora reconcile` and in the log.',
  },
  watcher_stale: {
    when: 'The gateway has not seen a ledger for too long, so it cannot know whether balances still stand.',
    remedy: 'Try again later. The operator checks the RPC endpoint: `callora check`.',
  },
  settlement_stale: {
    when: 'The oldest charge has waited too long for settlement.',
    remedy:
      'Try again later. The operator looks at `callora settle status`: usually the operator account lacks XLM for fees.',
  },
  exposure_reached: {
    when: 'The sum of unsettled charges has reached the cap the operator has set.',
    remedy: 'Try again after the next settlement. The operator can run `callora settle now` or raise the cap.',
  },
  vault_paused: {
    when: 'The vault is paused for settlement.',
    remedy: 'Try again later. Deposits and settlement wait for its administrator; withdrawals are never paused.',
  },
  api_paused: {
    when: 'The operator has paused this API, its free routes included. Other APIs of the gateway are not concerned.',
    remedy: 'Try again later. Nothing was forwarded or charged. The operator lifts it with `callora api resume`.',
  },
  payee_removed: {
    when: 'The vault does not list the payee of this API, so charges for it could not be settled.',
    remedy: 'Call another API. The operator lists the payee with `add_payee` on the vault.',
  },
  journal_unavailable: {
    when: 'A charge could not be written, so the answer was withheld and nothing was charged.',
    remedy: 'Try again. The operator checks disk space and permissions of `storage.path`.',
  },
  shutting_down: {
    when: 'The gateway is stopping and takes no new calls.',
    remedy: 'Try again in a few seconds.',
  },
  overloaded: {
    when: 'The gateway has as many connections, token checks, or bodies and answers of keyed calls in memory as it can bear.',
    remedy: 'Try again after `retry-after`, and keep connections alive instead of opening new ones.',
  },
  upstream_unreachable: {
    when: 'No connection to the service behind the gateway could be made, or none is tried for a while because the last ones failed, or too many calls wait for one.',
    remedy: 'Try again later. Nothing was charged.',
  },
  upstream_bad_answer: {
    when: 'The service behind the gateway answered with something that is not valid HTTP, or ended the connection before it answered.',
    remedy: 'Try again if the call may reach the service twice; if it stays, tell the operator. Nothing was charged.',
  },
  upstream_timeout: {
    when: 'The service behind the gateway did not begin its answer in time.',
    remedy: 'Try again, or ask for less at once. Nothing was charged.',
  },
  upstream_unpaid: {
    when: 'The service behind the gateway answered with a 402 of its own: whoever sells it here has a bill open with it, or has not said that its 402 is meant for consumers (`pass_payment_required`).',
    remedy: 'Pay nobody for it, and tell the operator. Nothing was charged.',
  },
  exit_pending: {
    when: 'Another exit of the account has the gateway’s signature and can still land: one is out at a time.',
    remedy: 'Send that one, or ask again once it has landed or its last ledger has passed; `/_callora/exits` shows it.',
  },
  exit_too_large: {
    when: 'The exit asks for more than what is left after charges not yet settled, debts, calls in flight, open exits and a withdrawal request.',
    remedy:
      'Take at most what `detail` says; what is in flight comes free when it ends. `callora withdraw AMOUNT --alone` goes without the gateway, after the vault’s delay.',
  },
  exit_refused: {
    when: 'The network would not carry the exit out: no XLM for the fee, a receiver without a trustline, or an account that is a contract.',
    remedy:
      'Read `detail`, correct it, ask again. Nothing was signed. `callora withdraw AMOUNT --alone` needs no gateway.',
  },
  conflict: {
    when: 'The operation does not fit the state of the thing, such as a refund of a call that is already sealed.',
    remedy: 'Read `detail`, look at the current state, decide anew.',
  },
  chain_unavailable: {
    when: 'The Stellar network did not answer, so what depends on it could not be done.',
    remedy: 'Try again. The operator checks the RPC endpoint: `callora check`.',
  },
  internal: {
    when: 'The gateway met a fault of its own.',
    remedy: 'Try again; if it stays, tell the operator the time and the path. The log has the reason.',
  },
};

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}
