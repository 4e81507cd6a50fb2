import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a test told when it last ran: its file, its name, and what it has played or measured. */
export type Figure = { test: string; name: string; said: string };

const kept = 'docs/figures.jsonl';

/** The figures that docs/guarantees.md shows, one a line. */
export function readFigures(root: string): Figure[] {
  const file = path.join(root, kept);
  return existsSync(file) ? parse(readFileSync(file, 'utf8')) : [];
}

/** Puts what a run has told into the place of what its tests told before. */
export function keepFigures(root: string, run: string): void {
  const told = parse(readFileSync(run, 'utf8'));
  const again = new Set(told.map(({ test }) => test));
  const all = [...readFigures(root).filter(({ test }) => !again.has(test)), ...told];
  all.sort((one, other) => (one.test < other.test ? -1 : Number(one.test > other.test)));
  writeFileSync(path.join(root, kept), all.map((figure) => `${JSON.stringify(figure)}\n`).join(''));
}

function parse(text: string): Figure[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
