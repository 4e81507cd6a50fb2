/** What the exit code of a command means; docs/cli.md has the same table. */
export const exitCodes = {
  /** A check or a comparison found something wrong. */
  off: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** The config file, or a file it names, is wrong. */
  config: 3,
  /** The gateway did not answer although it should. */
  unreachable: 4,
  /** The gateway or the books refused: unknown account, already sealed, bad amount. */
  refused: 5,
  /** The Stellar network refused, or did not answer. */
  chain: 6,
  /** A fault of Callora. */
  internal: 70,
} as const;

export type ExitKind = keyof typeof exitCodes;

/** A failure a person can act on: what happened, and what to do about it on a line of its own. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly kind: ExitKind;
  readonly remedy: string | undefined;

  constructor(kind: ExitKind, message: string, remedy?: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
    this.remedy = remedy;
  }
}
