import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

/** Replaces a file's text at once: a reader, or a crash, finds the old file or the new one, whole. Its mode stays. */
export function replaceFile(file: string, text: string): void {
  // A link stays a link; what it leads to is replaced.
  const target = realpathSync(file);
  const next = `${target}.${process.pid}.next`;
  const descriptor = openSync(next, 'wx', 0o600);
  try {
    try {
      fchmodSync(descriptor, statSync(target).mode & 0o777);
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(next, target);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}
