import { readFileSync, statSync } from 'node:fs';
import { catalogLimits } from './limits-defaults.ts';

export type SecretFile =
  | { ok: true; secret: string; warning: string | undefined }
  | { ok: false; message: string; expected: string };

/** Reads a secret of one line. The text never appears in a message. */
export function readSecretFile(file: string): SecretFile {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return { ok: false, message: `names ${file}, which is not a file`, expected: 'a file' };
    if (stat.size > catalogLimits.secretBytesMax) {
      return { ok: false, message: `names ${file}, which is too large for a secret`, expected: 'a file of one line' };
    }
    const secret = readFileSync(file, 'utf8').trim();
    if (secret === '') return { ok: false, message: `names ${file}, which is empty`, expected: 'a file of one line' };
    if (/[\r\n\0]/.test(secret)) {
      return { ok: false, message: `names ${file}, which has several lines`, expected: 'a file of one line' };
    }
    return { ok: true, secret, warning: permissionWarning(file, stat.mode) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    return { ok: false, message: `names ${file}, which ${reason}`, expected: 'a file this process can read' };
  }
}

/** A secret that everyone on the machine can read deserves a word; mounted container secrets make it no error. */
export function permissionWarning(file: string, mode: number): string | undefined {
  if (process.platform === 'win32' || (mode & 0o004) === 0) return undefined;
  return `${file} can be read by everyone on this machine: chmod 600 it`;
}
