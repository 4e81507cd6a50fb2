import type { Books } from '../admin/books.ts';
import type { Environment } from '../catalog/environment.ts';
import type { Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';

/** What every command gets: where it prints, and the parts of the program it may need. Tests bring their own. */
export type Cli = {
  /** One line, or a block of lines, on stdout: the result. */
  out(text: string): void;
  /** The same on stderr: what a person should know and a program should not read. */
  note(text: string): void;
  env: Environment;
  clock: Clock;
  /** Where the consumer's commands keep what they have pinned. */
  stateDir: string;
  /** Opens the books on the database itself; throws an error named `StoreLockedError` beside a running gateway. */
  openBooks(config: Config): Promise<OpenBooks>;
  /** Starts the gateway; resolves when it listens. */
  startApp(config: Config, options: ServeOptions): Promise<RunningApp>;
};

export type ServeOptions = {
  /** No gateway has ever served on this vault. */
  firstStart: boolean;
};

export type RunningApp = {
  gatewayUrl: string;
  adminUrl: string;
  /** Loads the catalog again now. */
  reload(): void;
  stop(): Promise<void>;
};

export type OpenBooks = { books: Books; close(): Promise<void> };
