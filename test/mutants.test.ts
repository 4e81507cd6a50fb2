import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { withTable } from '../scripts/mutants/guarantees-table.ts';
import { type Guard, patched, patchFault } from '../scripts/mutants/guard.ts';
import { guards } from '../scripts/mutants/guards.ts';
import { invariants } from '../scripts/mutants/invariants.ts';
import { played } from '../scripts/mutants/played.ts';
import { judgeMutant, type Report } from '../scripts/mutants/verdict.ts';

/** What `npm run mutants` takes away is still there, and what it runs exists: the long run itself is a command of its own. */

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

describe('the list of guards', () => {
  it.each(guards.map((guard) => [guard.id, guard] as const))(
    '%s stands where it says, and its test exists',
    (_, guard) => {
      expect(patchFault(guard, read(guard.file))).toBeUndefined();
      expect(patched(guard, read(guard.file))).not.toBe(read(guard.file));
      expect(existsSync(path.join(root, guard.test)), guard.test).toBe(true);
      expect(read(guard.test), guard.test).toContain(guard.name);
    },
  );

  it('names each of them once', () => {
    const ids = guards.map((guard) => guard.id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('has one for every promise, and none of a promise that nobody made', () => {
    const promised = invariants.map(({ id }) => id);
    expect([...new Set(guards.map((guard) => guard.invariant))].sort()).toEqual([...promised].sort());
    const wider = invariants.flatMap((invariant) => invariant.wider ?? []);
    expect(wider.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  it('says how much the long tests play, as they say it themselves', () => {
    for (const [file, { source }] of Object.entries(played)) expect(read(file), file).toContain(source);
  });

  it('is what docs/guarantees.md shows', () => {
    const { file, text } = withTable(root);
    expect(readFileSync(file, 'utf8')).toBe(text);
    for (const { id } of invariants) expect(text).toContain(`**${id}. `);
  });
});

describe('a guard that has moved', () => {
  const [guard] = guards as [Guard];
  it.each([
    ['is gone', 'const nothing = 1;', 'is not there'],
    ['is no longer the only one', `${guard.search}\n${guard.search}`, 'is there 2 times'],
  ])('is named when it %s', (_, source, says) => {
    expect(patchFault(guard, source)).toContain(`${guard.id}: its guard has moved`);
    expect(patchFault(guard, source)).toContain(says);
  });
});

describe('a mutant', () => {
  const [guard] = guards as [Guard];
  const reported = (status: string, message?: string): Report => ({
    testResults: [
      {
        name: `/somewhere/${guard.test}`,
        assertionResults: [
          { status, fullName: `a group ${guard.name}`, failureMessages: message === undefined ? [] : [message] },
          { status: 'failed', fullName: 'another test', failureMessages: ['AssertionError: something else'] },
        ],
      },
    ],
  });

  it.each<[string, string, Report | undefined]>([
    ['killed', 'its test fails by what it asserts', reported('failed', 'AssertionError: expected 1 to be 2')],
    ['survived', 'its test passes, whatever other tests do', reported('passed')],
    ['broken', 'its test fails by something else', reported('failed', 'SyntaxError: Unexpected token')],
    ['broken', 'its test did not run', { testResults: [{ name: guard.test, message: 'gone', assertionResults: [] }] }],
    ['broken', 'the run left no report', undefined],
  ])('is %s when %s', (verdict, _, report) => {
    expect(judgeMutant(guard, report).verdict).toBe(verdict);
  });
});
