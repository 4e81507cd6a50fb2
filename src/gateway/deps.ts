import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallContext } from '../access/call-context.ts';
import type { Verified, Verifier } from '../access/verify.ts';
import type { AccountSlot, CapSlot, Ledger } from '../billing/ledger.ts';
import type { Config, Route } from '../catalog/model.ts';
import type { TlsCertificate } from '../catalog/tls-certificate.ts';
import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Journal } from '../metering/journal.ts';
import type { KeyedCalls } from '../metering/keyed-calls.ts';
import type { Units } from '../money.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { CallRecord } from './call-record.ts';

/** Everything the listener needs, joined in app/. Each type below asks only for what the gateway uses. */
export type GatewayDeps = {
  /** Read once per call: a started call keeps the route and price it began with. */
  config(): Config;
  verifier: TokenVerifier;
  ledger: CallLedger;
  journal: CallJournal;
  keys: KeyedCalls;
  resolve: {
    /** The account's slot in memory; makes the account when it is seen for the first time. */
    account(address: string): AccountSlot;
    /** The spend of a token that has a cap; undefined for tokens without one. */
    cap(token: Verified): CapSlot | undefined;
    /** Row of the token in the database; undefined for one that it has not issued. */
    tokenId(token: Verified): number | undefined;
    /** Stored id of a route in the dictionary of the database. */
    routeId(route: Route): number;
  };
  /** True while the operator has paused the API: paid and free calls alike are refused. */
  isPaused(api: string): boolean;
  /** Why paid calls stop now, or undefined. */
  mayServe(account: AccountSlot, route: Route): SalesStop | undefined;
  /** Ways to pay for the 402 body, ready for JSON. */
  payWays(account: AccountSlot, shortfall: Units): unknown[];
  /** Monotonic over crashes; its decimal text is the public call id. */
  nextCallId(): number;
  /** The `callora-context` field of a call to an API that wants one; runs between hold and request, so synchronous. */
  signContext(context: CallContext): string;
  /** Answers `/_callora/…` and `/.well-known/…`; false when nothing is there. */
  internal(req: IncomingMessage, res: ServerResponse, path: string): boolean;
  upstreams: Pick<Upstreams, 'send' | 'upgrade'>;
  /** What the listener speaks TLS with; undefined for plain HTTP. */
  certificate: TlsCertificate | undefined;
  clock: Clock;
  log: Log;
  metrics: GatewayMetrics;
  /** Writes the access log; absent when none is kept. */
  logCall?: ((record: CallRecord) => void) | undefined;
};

export type SalesStop = { code: ErrorCode; detail?: string };

/** Check and reservation are one synchronous step; exactly one of capture and release follows every hold. */
export type CallLedger = Pick<Ledger, 'spendable' | 'hold' | 'capture' | 'release' | 'refund'>;

/** The charge row is committed when `charge` resolves, and never will be when it rejects. */
export type CallJournal = Pick<Journal, 'charge' | 'finish' | 'refund'>;

export type TokenVerifier = Pick<Verifier, 'cached' | 'verify'>;

/** Plain callbacks; labels are route templates, methods and codes, never accounts, tokens or paths. */
export type GatewayMetrics = {
  /** A request that has ended, whatever its end. */
  ended(record: CallRecord): void;
  charged(route: Route, amount: Units): void;
  refunded(route: Route, amount: Units): void;
  /** Time of one forwarded call that was spent inside the gateway until its first byte left, seconds. */
  overhead(seconds: number): void;
};
