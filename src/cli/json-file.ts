import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { CliError } from './exit-codes.ts';

/** JSON that a person keeps: receipts, lists of roots, keys. */

/** A list of a million batches has about 200 MB. */
const bytesMax = 500_000_000;

export function readJsonFile(file: string): unknown {
  let text: string;
  try {
    if (statSync(file).size > bytesMax) throw new CliError('usage', `${file} is larger than ${bytesMax} bytes`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError('usage', `${file} cannot be read (${code ?? String(error)})`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError('usage', `${file} holds no JSON`);
  }
}

/** Whoever reads meanwhile sees the old file or the new one, whole. */
export function writeJsonFile(file: string, value: unknown): void {
  try {
    writeFileSync(`${file}.next`, `${JSON.stringify(value, null, 2)}\n`);
    renameSync(`${file}.next`, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError('usage', `${file} cannot be written (${code ?? String(error)})`);
  }
}
