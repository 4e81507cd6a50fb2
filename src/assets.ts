import { createHash } from 'node:crypto';
import path from 'node:path';
import { findOwnFile } from './own-files.ts';

/** Files that travel with the program and are served or read at run time, by a key such as `operator/index.html`. */
export type Assets = {
  /** Undefined for a key that names nothing. */
  read(key: string): Asset | undefined;
};

export type Asset = { bytes: Buffer; contentType: string; etag: string };

/** A file of the built browser pages. The one place that knows where they lie. */
export function findPageFile(key: string): Buffer | undefined {
  return findOwnFile(`dist/pages/${key}`);
}

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/** Plain names, each beginning with a letter, digit, dash or underscore: no `..`, no hidden file, no separator but `/`. */
const keyForm = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/;

/** A name in here carries a hash of what it names, so its content never changes. */
const hashedName = /^[\w-]+\/assets\//;

/**
 * Keeps files with a hashed name: the portal's page is served to anyone from the listener that sells, and reading and
 * hashing its script takes half a millisecond of the event loop. Only what is there is kept, so the files of the program
 * bound the memory. All else is small and read each time, so that a page built anew is served at once.
 */
export function createAssets(find: (key: string) => Buffer | undefined): Assets {
  const kept = new Map<string, Asset>();

  function readNow(key: string): Asset | undefined {
    const contentType = contentTypes[path.extname(key)];
    if (contentType === undefined || !keyForm.test(key)) return undefined;
    const bytes = find(key);
    if (!bytes) return undefined;
    return { bytes, contentType, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
  }

  return {
    read(key) {
      const asset = kept.get(key) ?? readNow(key);
      if (asset && hashedName.test(key)) kept.set(key, asset);
      return asset;
    },
  };
}
