import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Guard, patched, patchFault } from './guard.ts';
import { copyTree } from './tree.ts';
import { baselineFault, judgeMutant, type Verdict } from './verdict.ts';
import { runTests } from './vitest-run.ts';

export type MutantResult = Verdict & { guard: Guard; seconds: number };

/**
 * Takes the guards away one at a time, each in a copy of the source, and runs the one test that must see it. Throws when a
 * guard is not where the list says, or when its test does not pass before anything is taken away.
 */
export async function checkMutants(
  root: string,
  guards: readonly Guard[],
  jobs: number,
  progress: (line: string) => void,
): Promise<MutantResult[]> {
  const faults = guards.flatMap((guard) => patchFault(guard, readFileSync(path.join(root, guard.file), 'utf8')) ?? []);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const trees = Array.from({ length: Math.min(jobs, guards.length) }, () => copyTree(root));
  try {
    const [first] = trees;
    if (!first) return [];
    await seeAllPass(first.dir, guards, progress);
    const results: MutantResult[] = [];
    const waiting = [...guards];
    await Promise.all(
      trees.map(async ({ dir }) => {
        for (let guard = waiting.shift(); guard; guard = waiting.shift()) {
          const result = await checkOne(dir, guard);
          results.push(result);
          progress(
            `${results.length}/${guards.length} ${guard.id} ${result.verdict} (${result.seconds} s) ${result.detail}`,
          );
        }
      }),
    );
    return guards.flatMap((guard) => results.filter((result) => result.guard === guard));
  } finally {
    for (const tree of trees) tree.remove();
  }
}

async function seeAllPass(dir: string, guards: readonly Guard[], progress: (line: string) => void): Promise<void> {
  const files = [...new Set(guards.map((guard) => guard.test))];
  progress(`${files.length} test files without a patch ...`);
  const single = guards.length === 1 ? guards[0]?.name : undefined;
  const report = await runTests(dir, files, single);
  if (!report) throw new Error('the tests without a patch left no report');
  const faults = guards.flatMap((guard) => baselineFault(guard, report) ?? []);
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

async function checkOne(dir: string, guard: Guard): Promise<MutantResult> {
  const file = path.join(dir, guard.file);
  const source = readFileSync(file, 'utf8');
  const startMs = performance.now();
  writeFileSync(file, patched(guard, source));
  try {
    const verdict = judgeMutant(guard, await runTests(dir, [guard.test], guard.name));
    return { ...verdict, guard, seconds: Math.round((performance.now() - startMs) / 100) / 10 };
  } finally {
    writeFileSync(file, source);
  }
}
