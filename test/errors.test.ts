import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorTable } from '../src/errors.ts';
import { errorHelp } from '../src/portal/error-help.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../docs/errors.md'), 'utf8');

type Row = { code: string; status: string; when: string; remedy: string };

function documented(): Row[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [code = '', status = '', when = '', remedy = ''] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      return { code: code.replaceAll('`', ''), status, when, remedy };
    });
}

describe('docs/errors.md', () => {
  it('has one row per public error, in the same order, with its status', () => {
    const known = Object.entries(errorTable).map(([code, [status]]) => ({ code, status: String(status) }));
    expect(documented().map(({ code, status }) => ({ code, status }))).toEqual(known);
  });

  it('says the same as the page a problem points at', () => {
    for (const { code, when, remedy } of documented()) {
      expect({ code, when, remedy }).toEqual({ code, ...errorHelp[code as keyof typeof errorHelp] });
    }
  });
});

describe('error codes', () => {
  it('are lower snake case', () => {
    for (const code of Object.keys(errorTable)) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });
});
