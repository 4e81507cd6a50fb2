import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scriptCommand, wholeNumber } from '../script-command.ts';
import { checkMutants, type MutantResult } from './check.ts';
import { keepFigures } from './figures.ts';
import { withTable } from './guarantees-table.ts';
import { guards } from './guards.ts';

const root = path.join(import.meta.dirname, '../..');
const options = scriptCommand(
  'mutants',
  'Takes one guard of the money rules away at a time and demands that the test named for it fails: a guard whose absence no test sees does not exist.',
)
  .option('--only <id or invariant...>', 'these only, such as M8 or M8a')
  .option('--jobs <number>', 'how many at a time', wholeNumber, 2)
  .option('--json', 'the results as JSON')
  .option('--docs', 'write the tables of docs/guarantees.md anew instead')
  .option('--figures <file>', 'with --docs: take over what the tests of a run with CALLORA_FIGURES=FILE have told')
  .parse()
  .opts<{ only?: string[]; jobs: number; json?: true; docs?: true; figures?: string }>();

// An exit takes the copies along, so a Ctrl-C must be one.
process.once('SIGINT', () => process.exit(130));
if (options.docs) {
  if (options.figures !== undefined) keepFigures(root, options.figures);
  const { file, text } = withTable(root);
  writeFileSync(file, text);
} else {
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}

async function main(): Promise<void> {
  const { only } = options;
  const chosen = guards.filter(({ id, invariant }) => !only || only.includes(id) || only.includes(invariant));
  if (chosen.length === 0) throw new Error(`no guard is called ${only?.join(' or ')}`);
  const startMs = performance.now();
  const results = await checkMutants(root, chosen, Math.max(1, options.jobs), (line) => console.error(line));
  const seconds = Math.round((performance.now() - startMs) / 1000);
  console.log(options.json ? JSON.stringify({ seconds, results: results.map(plain) }, undefined, 2) : table(results));
  const standing = results.filter((result) => result.verdict !== 'killed');
  const said = `${results.length - standing.length} of ${results.length} mutants killed in ${seconds} s`;
  console.error(said);
  if (!only && process.env.CALLORA_FIGURES) {
    const name = 'a guard that is taken away is missed by the test named for it';
    appendFileSync(process.env.CALLORA_FIGURES, `${JSON.stringify({ test: 'npm run mutants', name, said })}\n`);
  }
  if (standing.length > 0) process.exitCode = 1;
}

function plain({ guard, verdict, detail, seconds }: MutantResult) {
  const { id, invariant, file, test, name } = guard;
  return { id, invariant, file, test, name, verdict, detail, seconds };
}

function table(results: MutantResult[]): string {
  const rows = results.map(({ guard, verdict, seconds }) => [
    guard.id,
    guard.invariant,
    guard.file,
    `${guard.test} "${guard.name}"`,
    verdict,
    seconds.toFixed(1),
  ]);
  const all = [['guard', 'invariant', 'file', 'test', 'verdict', 'seconds'], ...rows];
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
