import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Figure, readFigures } from './figures.ts';
import type { Guard } from './guard.ts';
import { guards } from './guards.ts';
import { type Invariant, invariants } from './invariants.ts';
import { played } from './played.ts';

const begin = '<!-- from scripts/mutants: `npm run mutants -- --docs` writes what follows -->';
const end = '<!-- up to here -->';

/** docs/guarantees.md with its generated part as the lists have it now. */
export function withTable(root: string): { file: string; text: string } {
  const file = path.join(root, 'docs/guarantees.md');
  const text = readFileSync(file, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${file} has lost the marks around its table`);
  return { file, text: `${before}${begin}\n\n${tables()}\n\n${figures(readFigures(root))}\n\n${end}${after}` };
}

function tables(): string {
  const parts = sections.map(([letter, heading]) => {
    const own = invariants.filter(({ id }) => id.startsWith(letter));
    return [`### ${heading}`, ...own.map(section)].join('\n\n');
  });
  return parts.join('\n\n');
}

/** What the long runs have played and measured, and which promises they play. */
function figures(told: Figure[]): string {
  const lines = told.map(({ test, name, said }) => {
    const promises = invariants.filter(({ wider = [] }) => wider.includes(test)).map(({ id }) => id);
    return `| ${test.includes('/') ? link(test) : `\`${test}\``} | ${promises.join(', ')} | ${cell(name)} | ${cell(said)} |`;
  });
  const head = ['### Figures of the last run', '', '| run | promises | what it shows | what it played or measured |'];
  return [...head, '| --- | --- | --- | --- |', ...lines].join('\n');
}

const sections = [
  ['M', 'Money'],
  ['S', 'Storage'],
  ['T', 'Settlement'],
  ['H', 'Deposits'],
  ['A', 'Access'],
  ['F', 'Forwarding'],
] as const;

function section({ id, promise, wider = [], notShown }: Invariant): string {
  const rows = guards.filter((guard) => guard.invariant === id).map(row);
  const lines = [
    `**${id}. ${promise}**`,
    '',
    '| mutant | the guard that is taken away | in | the test that fails then |',
    '| --- | --- | --- | --- |',
  ];
  lines.push(...rows);
  if (wider.length > 0) lines.push('', `The whole of it is played by ${wider.map(sized).join(', ')}.`);
  if (notShown !== undefined) lines.push('', `Not shown: ${notShown}`);
  return lines.join('\n');
}

function row({ id, guard, file, test, name }: Guard): string {
  return `| ${id} | ${cell(guard)} | ${link(file)} | ${link(test)}: ${cell(name)} |`;
}

function sized(file: string): string {
  const size = played[file]?.size;
  return size === undefined ? link(file) : `${link(file)} (${size})`;
}

function link(file: string): string {
  return `[${path.posix.basename(file)}](../${file})`;
}

function cell(text: string): string {
  return text.trim().replaceAll('|', '\\|');
}
