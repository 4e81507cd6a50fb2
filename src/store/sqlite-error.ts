import { AssertionError } from 'node:assert';

/** The SQLite result code of an error, such as `SQLITE_BUSY`; undefined for anything else. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : undefined;
}

/** Somebody else holds the lock for a moment: worth another try. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error)?.startsWith('SQLITE_BUSY') ?? false;
}

/** The file or its disk failed: what the connection believes can no longer be trusted. */
export function isFileFailure(error: unknown): boolean {
  const code = sqliteCode(error) ?? '';
  return ['SQLITE_IOERR', 'SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_NOMEM'].some(
    (family) => code.startsWith(family),
  );
}

/**
 * One row is wrong in itself: its table's rules or an assertion refused it, and the transaction goes on without it.
 */
export function isRowRefused(error: unknown): boolean {
  return error instanceof AssertionError || (sqliteCode(error)?.startsWith('SQLITE_CONSTRAINT') ?? false);
}
