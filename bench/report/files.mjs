import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { comparisonRows, goalRows, markdownTable } from './table.mjs';

const folder = path.join(import.meta.dirname, '..', 'results');

/** Writes `name`.json and `name`.md; returns their names. */
export function writeResults(results, name) {
  if (name === undefined) return [];
  mkdirSync(folder, { recursive: true });
  const files = {
    [`${name}.json`]: `${JSON.stringify(results, null, 2)}\n`,
    [`${name}.md`]: markdown(results),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  return Object.keys(files).map((file) => `bench/results/${file}`);
}

function markdown({ at, machine, upstream, rounds, seconds, summaries, goals }) {
  return `# Callora beside other proxies

${at}; ${machine.cores} cores of ${machine.model}, Node ${machine.node}. ${machine.load}, upstream ${upstream}; each program on one core,
load and upstream on another; ${rounds} interleaved rounds of ${seconds} s. Medians, in brackets the least and the most of the rounds.
Latencies are at half of each program's own full speed.

${markdownTable(comparisonRows(summaries, 'bare'))}

${markdownTable(goalRows(goals))}
`;
}
