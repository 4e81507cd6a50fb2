import type { Dialer } from './dial.ts';

/** What the connections of one target have in common. */
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
