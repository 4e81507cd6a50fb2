import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/**
 * Tells what a test has played or measured. Where CALLORA_FIGURES names a file, a line of JSON in it tells the same:
 * `npm run mutants -- --docs --figures FILE` brings these lines into docs/guarantees.md.
 */
export function figure(said: string): void {
  process.stdout.write(`${said}\n`);
  const to = process.env.CALLORA_FIGURES;
  if (to === undefined) return;
  const { testPath = '', currentTestName: name = '' } = expect.getState();
  appendFileSync(to, `${JSON.stringify({ test: path.relative(root, testPath), name, said })}\n`);
}
