import type { Connection } from './connection.ts';
import type { Dialer } from './dial.ts';
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

export type ConnectionSettings = {
  dialer: Dialer;
  basePath: string;
  answerHeadBytesMax: number;
  connectTimeoutMs: number;
  /**
   * One piece of memory for what all sockets read, since each read is used up before the next; sockets that are handed
   * over have none.
   */
  readBuffer: Buffer | undefined;
};
