import type { SecureContextOptions } from 'node:tls';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { createFileWatch } from './file-watch.ts';
import type { TlsFiles } from './model.ts';
import { dateFault, isoTime, readTlsPair, type TlsPair } from './tls-pair.ts';

/** The certificate in force: read when the gateway starts, and again whenever its files change. */
export type TlsCertificate = {
  context(): SecureContextOptions;
  expiresAtMs(): number;
  /** Calls back with each new context; handshakes begun before keep the old one. */
  onChange(listener: (context: SecureContextOptions) => void): void;
  /** Reads the files now, changed or not: SIGHUP. A pair that cannot serve changes nothing. */
  reload(): ReloadedPair;
  start(): void;
  stop(): Promise<void>;
};

export type ReloadedPair = 'unchanged' | 'applied' | 'refused';

export type TlsCertificateOptions = {
  files: TlsFiles;
  log: Log;
  clock: Clock;
  debounceMs?: number;
  pollMs?: number;
};

/** How often the log is told of dates that need a person. */
const remindMs = 86_400_000;

/** Throws when the files hold no pair that could serve: a listener without one would refuse every handshake. */
export function openTlsCertificate(options: TlsCertificateOptions): TlsCertificate {
  const { files, log, clock } = options;
  const first = readTlsPair(files);
  if (!first.ok) throw new Error(`gateway.tls: ${first.message}`);
  let pair = first.pair;
  let remindAtMs = clock.monotonicMs();
  const listeners: ((context: SecureContextOptions) => void)[] = [];
  const watch = createFileWatch({
    files: [files.certFile, files.keyFile],
    what: 'certificate',
    onChange: () => void reload(),
    onLook: remind,
    log,
    clock,
    debounceMs: options.debounceMs,
    pollMs: options.pollMs,
  });

  function reload(): ReloadedPair {
    watch.remember();
    const read = readTlsPair(files);
    const fault = read.ok ? worseThan(pair, read.pair, clock.nowMs()) : read.message;
    if (!read.ok || fault !== undefined) {
      log.error({ reason: fault }, 'the TLS certificate was not reloaded; the old one stays in force');
      return 'refused';
    }
    if (isSame(pair, read.pair)) return 'unchanged';
    pair = read.pair;
    for (const listener of listeners) listener(pair.context);
    announce(pair, log);
    remindAtMs = clock.monotonicMs();
    remind();
    return 'applied';
  }

  /** Says once a day that the dates need a person. */
  function remind(): void {
    if (clock.monotonicMs() < remindAtMs) return;
    const fault = dateFault(pair, clock.nowMs());
    if (fault === undefined) return;
    remindAtMs = clock.monotonicMs() + remindMs;
    log.warn({ file: files.certFile }, `the TLS certificate ${fault}`);
  }

  announce(pair, log);
  remind();
  return {
    context: () => pair.context,
    expiresAtMs: () => pair.expiresAtMs,
    onChange: (listener) => void listeners.push(listener),
    reload,
    start: watch.start,
    stop: watch.stop,
  };
}

function announce({ leaf, expiresAtMs, warnings }: TlsPair, log: Log): void {
  for (const warning of warnings) log.warn(warning);
  const fingerprint = leaf.fingerprint256;
  log.info(
    { names: leaf.subjectAltName, expires: isoTime(expiresAtMs), fingerprint },
    'the TLS certificate is in force',
  );
}

/** An expired pair does not take the place of one that is still good: an old copy has been put back. */
function worseThan(current: TlsPair, next: TlsPair, nowMs: number): string | undefined {
  const isExpired = nowMs >= next.expiresAtMs && nowMs < current.expiresAtMs;
  return isExpired ? `the certificate in the file expired at ${isoTime(next.expiresAtMs)}` : undefined;
}

/** Compares the whole chain: a renewed intermediate is a change, too. */
function isSame(a: TlsPair, b: TlsPair): boolean {
  return a.context.cert === b.context.cert && a.context.key === b.context.key;
}
