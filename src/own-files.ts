import { readFileSync } from 'node:fs';
import path from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import { Worker } from 'node:worker_threads';

/**
 * The files that travel with the program: migrations, contracts, pages, the SQLite addon. A key is a path in the checkout.
 * The sources in `src/` and the bundle in `dist/` both lie one level below it, and pkg's virtual file system keeps that
 * shape, so one rule serves all three; only a plain single executable has keys instead of files.
 */
const root = path.resolve(import.meta.dirname, '..');

/** False in a checkout, which runs from TypeScript; true in the bundle and in a binary made of it. */
export const bundled: boolean = !import.meta.filename.endsWith('.ts');

/** True in a binary, whose files the operating system cannot open. */
export const inBinary: boolean = isSea();

/** Keys instead of files: pkg marks the process, a plain single executable does not. */
const keyed = inBinary && !('pkg' in process);

export function ownFilePath(key: string): string {
  return path.join(root, key);
}

/** Throws when the file is missing: a broken installation. */
export function readOwnFile(key: string): Buffer {
  const bytes = findOwnFile(key);
  if (!bytes) throw new Error(`${key} is missing from this installation of Callora`);
  return bytes;
}

export function findOwnFile(key: string): Buffer | undefined {
  if (!keyed) return readIfThere(ownFilePath(key));
  try {
    return Buffer.from(getRawAsset(key));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_SINGLE_EXECUTABLE_APPLICATION_ASSET_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Undefined for what is missing or no file. */
export function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}

/** Starts a thread from its source, `store/checkpoint-worker`; bundled, each is one file beside the program's. */
export function startWorker(source: string, workerData: unknown): Worker {
  if (!bundled) return new Worker(ownFilePath(`src/${source}.ts`), { workerData });
  const key = `dist/${path.basename(source)}.cjs`;
  // A thread that is started from a text takes the working directory for its own place, and looks for the addon there.
  if (!inBinary) return new Worker(ownFilePath(key), { workerData });
  return new Worker(readOwnFile(key).toString(), { eval: true, workerData });
}
