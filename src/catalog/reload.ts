import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { type ConfigDiff, diffConfig, startLimits } from './diff.ts';
import type { Environment } from './environment.ts';
import { createFileWatch } from './file-watch.ts';
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
  debounceMs?: number;
  pollMs?: number;
};

/**
 * Applies changes of the file while the gateway runs. Settings that need a restart keep their old value in the running
 * Config.
 */
export function createCatalogReloader(options: ReloaderOptions): CatalogReloader {
  const { file, env, onChange, onRefused, log, clock } = options;
  let current = options.current;
  const watch = createFileWatch({
    files: [file],
    what: 'catalog',
    onChange: () => void reload(),
    log,
    clock,
    debounceMs: options.debounceMs,
    pollMs: options.pollMs,
  });

  function reload(): ReloadOutcome {
    watch.remember();
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

  return {
    reload,
    current: () => current,
    start: watch.start,
    stop: watch.stop,
  };
}

/** What a reload takes over; everything else waits for a restart. */
function withLiveParts(current: Config, next: Config): Config {
  const { listen, tls, publicUrl, limits: started } = current.gateway;
  const limits = { ...next.gateway.limits };
  for (const name of startLimits) limits[name] = started[name];
  return {
    ...current,
    gateway: { ...next.gateway, listen, tls, publicUrl, limits },
    apis: next.apis,
    routes: next.routes,
  };
}
