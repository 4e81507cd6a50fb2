import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { markdownTable } from './table.mjs';

const folder = path.join(import.meta.dirname, '..', 'results');

/** Writes the figures as JSON, the tables as Markdown and, where there is one, the plot; returns the files' names. */
export function writeResults({ name, prefix, context, report }) {
  if (prefix === undefined) return [];
  mkdirSync(folder, { recursive: true });
  const base = prefix === '' ? name : `${prefix}-${name}`;
  const plot = report.plot?.(context);
  const files = {
    [`${base}.json`]: `${JSON.stringify({ ...context, ...report.data }, rounded, 2)}\n`,
    [`${base}.md`]: markdown(context, report, plot && `${base}.svg`),
    ...(plot ? { [`${base}.svg`]: plot } : {}),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  return Object.keys(files).map((file) => `bench/results/${file}`);
}

/** Nothing here is measured to more than four decimals. */
function rounded(_key, value) {
  return typeof value === 'number' ? Number(value.toFixed(4)) : value;
}

function markdown({ at, machine, load }, { title, about, tables, notes }, plotFile) {
  return `${[
    `# ${title}`,
    `${at}; ${machine}. ${load}.`,
    ...(plotFile ? [`![CPU per request and added latency of each program](${plotFile})`] : []),
    about,
    ...tables.map(markdownTable),
    ...notes,
  ].join('\n\n')}\n`;
}
