import { closeSync, fsyncSync, openSync } from 'node:fs';

/** fsync of a file or a folder by its name: of a folder, the names in it. Throws what the system says. */
export function syncToDisk(name: string): void {
  const descriptor = openSync(name, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
