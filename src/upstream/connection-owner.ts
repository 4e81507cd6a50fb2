import type { Connection } from './connection.ts';
import type { UpstreamError, UpstreamErrorKind } from './upstream-error.ts';

/** Whoever has opened the connection. */
export type ConnectionOwner = {
  /** It is there, for the call that waits for it or for any other. */
  dialed(connection: Connection): void;
  dialFailed(connection: Connection, error: UpstreamError): void;
  /** The call on it has got its final head; or it has ended without one, and why. */
  answered(): void;
  unanswered(kind: UpstreamErrorKind): void;
  /** The call on it has ended, and it can take the next. */
  idle(connection: Connection): void;
  /** It takes no calls any more. */
  closed(connection: Connection): void;
};
