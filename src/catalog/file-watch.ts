import { type FSWatcher, statSync, watch } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';

export type FileWatch = {
  /** Takes what the files are now as known, so that only a later change is told. */
  remember(): void;
  start(): void;
  /** Resolves when nothing of the watch runs any more. */
  stop(): Promise<void>;
};

export type FileWatchOptions = {
  files: string[];
  /** What the log calls them. */
  what: string;
  /** Called when a file has changed and all have been still for a moment. */
  onChange(): void;
  /** Called at every look, changed or not. */
  onLook?: (() => void) | undefined;
  log: Log;
  clock: Clock;
  /**
   * Quiet time after the last change, since an editor writes in several steps; and after an announcement, since a folder
   * that holds a database as well changes thousands of times a second.
   */
  debounceMs?: number | undefined;
  /** How often the files are looked at even when no change was announced. */
  pollMs?: number | undefined;
};

/**
 * Tells when files change. Their folders are watched rather than the files, because editors rename and mounted
 * configuration swaps a symlink; announcements can be lost all the same, so what the files are is also compared at an
 * interval.
 */
export function createFileWatch(options: FileWatchOptions): FileWatch {
  const { files, what, onChange, onLook, log, clock } = options;
  const debounceMs = options.debounceMs ?? 250;
  const pollMs = options.pollMs ?? 5_000;
  const stopping = new AbortController();
  const now = () => files.map(identityOf).join(' ');
  const folders = [...new Set(files.map((file) => path.dirname(file)))];
  let seen = now();
  let unannounced = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await untilChanged();
      await quiet();
      if (stopping.signal.aborted) return;
      onLook?.();
      if (now() === seen) continue;
      seen = now();
      try {
        onChange();
      } catch (error) {
        // A listener that fails must not end the watch, nor the process.
        log.error({ err: error }, `the new ${what} was not taken over everywhere`);
      }
    }
  }

  /** Until a change is announced in a folder, or for the interval. Nothing is listened to before the next call. */
  async function untilChanged(): Promise<void> {
    const hint = new AbortController();
    const watchers = folders.map((folder) => watchFolder(folder, () => hint.abort()));
    // What changed while nobody listened is not announced any more.
    if (now() === seen) await clock.sleep(pollMs, AbortSignal.any([hint.signal, stopping.signal]));
    for (const watcher of watchers) watcher?.close();
    if (now() === seen) await clock.sleep(debounceMs, stopping.signal);
  }

  /** Waits until the files have been what they are for `debounceMs`. */
  async function quiet(): Promise<void> {
    let last = now();
    while (last !== seen && !stopping.signal.aborted) {
      await clock.sleep(debounceMs, stopping.signal);
      const current = now();
      if (current === last) return;
      last = current;
    }
  }

  function watchFolder(folder: string, onHint: () => void): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, onHint);
      watcher.on('error', atIntervalOnly);
      return watcher;
    } catch (error) {
      atIntervalOnly(error);
      return undefined;
    }
  }

  function atIntervalOnly(error: unknown): void {
    if (!unannounced) log.warn({ err: error }, `the ${what} is watched at an interval only`);
    unannounced = true;
  }

  return {
    remember() {
      seen = now();
    },
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** A file swapped behind a symlink has another inode; a file gone for a moment is a change, and so is its return. */
function identityOf(file: string): string {
  try {
    const stat = statSync(file, { bigint: true });
    return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
  }
}
