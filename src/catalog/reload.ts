import { type FSWatcher, statSync, watch } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { type ConfigDiff, diffConfig, startLimits } from './diff.ts';
import type { Environment } from './environment.ts';
import { formatProblem, loadConfig } from './load.ts';
import type { Config } from './model.ts';
import type { Problem } from './source.ts';

export type CatalogReloader = {
  /** Loads now, changed or not: SIGHUP. Returns what happened. */
  reload(): ReloadOutcome;
  /** The catalog in force. */
  current(): Config;
  start(): void;
  stop(): Promise<void>;
};

export type ReloadOutcome =
  | { kind: 'unchanged' }
  | { kind: 'applied'; diff: ConfigDiff }
  | { kind: 'refused'; problems: Problem[] };

export type ReloaderOptions = {
  file: string;
  env: Environment;
  current: Config;
  onChange(config: Config, diff: ConfigDiff): void;
  onRefused(problems: Problem[]): void;
  log: Log;
  clock: Clock;
  /**
   * Quiet time after the last change, since an editor writes in several steps; and after an announcement, since a folder
   * that holds a database as well changes thousands of times a second.
   */
  debounceMs?: number;
  /** How often the file is looked at even when no change was announced. */
  pollMs?: number;
};

/**
 * Applies changes of the file while the gateway runs. The folder is watched rather than the file, because editors
 * rename and mounted configuration swaps a symlink; announcements can be lost all the same, so the file's identity
 * is also compared at an interval. Settings that need a restart keep their old value in the running Config.
 */
export function createCatalogReloader(options: ReloaderOptions): CatalogReloader {
  const { file, env, onChange, onRefused, log, clock } = options;
  const debounceMs = options.debounceMs ?? 250;
  const pollMs = options.pollMs ?? 5_000;
  const stopping = new AbortController();
  let current = options.current;
  let seen = identityOf(file);
  let unannounced = false;
  let running: Promise<void> | undefined;

  function reload(): ReloadOutcome {
    seen = identityOf(file);
    const loaded = loadConfig({ file, env });
    if (!loaded.ok) {
      for (const problem of loaded.problems) log.error({ field: problem.field }, formatProblem(problem));
      log.error({ file }, 'the catalog was not reloaded; the old one stays in force');
      onRefused(loaded.problems);
      return { kind: 'refused', problems: loaded.problems };
    }
    for (const warning of loaded.warnings) log.warn({ field: warning.field }, formatProblem(warning));
    const diff = diffConfig(current, loaded.config);
    for (const field of diff.restartNeeded) log.warn({ field }, `restart needed: ${field}`);
    if (diff.applied.length === 0) return { kind: 'unchanged' };
    current = withLiveParts(current, loaded.config);
    log.info({ applied: diff.applied }, 'the catalog was reloaded');
    onChange(current, diff);
    return { kind: 'applied', diff };
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await untilChanged();
      await quiet();
      if (stopping.signal.aborted || identityOf(file) === seen) continue;
      try {
        reload();
      } catch (error) {
        // A listener that fails must not end the watch, nor the process.
        log.error({ err: error }, 'the new catalog was not taken over everywhere');
      }
    }
  }

  /** Until a change is announced in the folder, or for the interval. Nothing is listened to before the next call. */
  async function untilChanged(): Promise<void> {
    const hint = new AbortController();
    const watcher = watchFolder(path.dirname(file), () => hint.abort());
    // What changed while nobody listened is not announced any more.
    if (identityOf(file) === seen) await clock.sleep(pollMs, AbortSignal.any([hint.signal, stopping.signal]));
    watcher?.close();
    if (identityOf(file) === seen) await clock.sleep(debounceMs, stopping.signal);
  }

  /** Waits until the file has kept its identity for `debounceMs`. */
  async function quiet(): Promise<void> {
    let last = identityOf(file);
    while (last !== seen && !stopping.signal.aborted) {
      await clock.sleep(debounceMs, stopping.signal);
      const now = identityOf(file);
      if (now === last) return;
      last = now;
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
    if (!unannounced) log.warn({ err: error }, 'the catalog is watched at an interval only');
    unannounced = true;
  }

  return {
    reload,
    current: () => current,
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** What a reload takes over; everything else waits for a restart. */
function withLiveParts(current: Config, next: Config): Config {
  const { listen, publicUrl, limits: started } = current.gateway;
  const limits = { ...next.gateway.limits };
  for (const name of startLimits) limits[name] = started[name];
  return {
    ...current,
    gateway: { ...next.gateway, listen, publicUrl, limits },
    apis: next.apis,
    routes: next.routes,
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
