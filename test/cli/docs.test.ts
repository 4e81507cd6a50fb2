import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCliRig } from './rig.ts';

/** docs/cli.md against the help of every command: what a reader looks up there must be there, and nothing that is gone. */

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/cli.md'), 'utf8');

type Described = { command: string; options: string[]; leaf: boolean };

/** Every command of the program with its options, by its own help. */
async function describeCommands(words: string[] = []): Promise<Described[]> {
  const { out } = await createCliRig().callora(...words, '--help');
  const options = [...out.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1] ?? '');
  const list = out.split(/^Commands:$/m)[1] ?? '';
  const below = [...list.matchAll(/^ {2}([a-z-]+)\b/gm)]
    .map((match) => match[1] ?? '')
    .filter((name) => name !== 'help');
  const own = {
    command: words.join(' '),
    options: options.filter((option) => option !== '--help'),
    leaf: !below.length,
  };
  const children = await Promise.all(below.map((name) => describeCommands([...words, name])));
  return [...(words.length > 0 ? [own] : []), ...children.flat()];
}

/** A row of a table of commands: what stands in its first cell, and all of it. */
const rows = page
  .split('\n')
  .filter((line) => /^\| `[a-z]/.test(line))
  .map((line) => ({ line, spans: codeIn(line.split(/(?<!\\)\|/)[1] ?? '') }));

function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

/** What a row's spans name: `vault upgrade propose`, and `… apply` beside it as `vault upgrade apply`. */
function commandsOf(spans: string[]): string[] {
  let before: string[] = [];
  return spans.map((span) => {
    const words = span.split(' ').filter((word) => /^[a-z][a-z-]*$|^…$/.test(word));
    const full = words[0] === '…' ? [...before.slice(0, -1), ...words.slice(1)] : words;
    before = full;
    return full.join(' ');
  });
}

/** The options that the page describes once for many commands. */
const shared = codeIn(page.slice(page.indexOf('## Options of many commands'), page.indexOf('## Exit codes'))).flatMap(
  (span) => span.match(/--[a-z-]+/g) ?? [],
);

describe('the tables of docs/cli.md', () => {
  it('have every command of the program', async () => {
    const described = await describeCommands();
    const leaves = described.filter(({ leaf }) => leaf).map(({ command }) => command);
    expect(leaves.length).toBeGreaterThan(50);
    expect(leaves.filter((command) => !rows.some(({ spans }) => commandsOf(spans).includes(command)))).toEqual([]);
  });

  it('have no command that the program does not have', async () => {
    const described = await describeCommands();
    const known = described.map(({ command }) => command);
    const named = rows.flatMap(({ spans }) => commandsOf(spans));
    expect(named.filter((command) => !known.includes(command))).toEqual([]);
  });

  it('have every option, in the row of its command or among those of many', async () => {
    const described = await describeCommands();
    const missing = described.flatMap(({ command, options }) => {
      const lines = rows.filter(({ spans }) => commandsOf(spans).includes(command)).map(({ line }) => line);
      const named = [...shared, ...lines.flatMap((line) => line.match(/--[a-z-]+/g) ?? [])];
      return options.filter((option) => !named.includes(option)).map((option) => `${command} ${option}`);
    });
    expect(missing).toEqual([]);
  });

  it('have no option that its commands do not take', async () => {
    const described = await describeCommands();
    const stale = rows.flatMap(({ spans }) => {
      const taken = described
        .filter(({ command }) => commandsOf(spans).includes(command))
        .flatMap(({ options }) => options);
      return spans.flatMap((span) => span.match(/--[a-z-]+/g) ?? []).filter((option) => !taken.includes(option));
    });
    const all = new Set(described.flatMap(({ options }) => options));
    expect([...stale, ...shared.filter((option) => !all.has(option))]).toEqual([]);
  });
});
