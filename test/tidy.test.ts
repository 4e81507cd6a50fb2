import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { biomeOverrides, exceptions, homesOf, roomsOf } from '../scripts/import-rules.ts';

/** House rules that no linter knows, as tests. */

const root = path.resolve(import.meta.dirname, '..');

const sources = filesUnder('src').filter((file) => /\.tsx?$/.test(file));
const tests = filesUnder('test').filter((file) => file.endsWith('.ts'));

function filesUnder(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** Files directly under src are the kernel. */
function roomOf(file: string): string {
  const parts = file.split(path.sep);
  return parts.length > 2 ? (parts[1] ?? '') : 'kernel';
}

function importsOf(file: string): string[] {
  return [
    ...read(file).matchAll(
      /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|import\('([^']+)'\)|(?:^|\n)import\s+'([^']+)'/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

describe('rooms', () => {
  it('import only from the rooms that the import table allows', () => {
    const breaches: string[] = [];
    for (const file of sources) {
      const room = roomOf(file);
      const allowed: string[] = [room, 'kernel', ...(roomsOf[room] ?? []), ...(exceptions[file]?.rooms ?? [])];
      for (const target of importsOf(file).filter((name) => name.startsWith('.'))) {
        const other = roomOf(path.relative(root, path.resolve(root, path.dirname(file), target)));
        if (!allowed.includes(other)) breaches.push(`${file} imports ${target}`);
      }
    }
    expect(breaches).toEqual([]);
  });

  it('each have a row in the import table', () => {
    expect([...new Set(sources.map(roomOf))].filter((room) => !(room in roomsOf))).toEqual([]);
  });

  it('keep each third-party library in its home', () => {
    const breaches: string[] = [];
    for (const file of sources) {
      for (const target of importsOf(file).filter((name) => !name.startsWith('.') && !name.startsWith('node:'))) {
        const name = target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : (target.split('/')[0] ?? '');
        const homes = homesOf[name];
        if (!homes?.includes(roomOf(file))) breaches.push(`${file} imports ${target}`);
      }
    }
    expect(breaches).toEqual([]);
  });

  it('have the same table in the linter', () => {
    const config: { overrides: unknown[] } = JSON.parse(read('biome.json'));
    for (const override of biomeOverrides()) expect(config.overrides).toContainEqual(override);
  });
});

describe('sources', () => {
  it('read the real clock only in clock.ts', () => {
    const readers = sources.filter((file) => /\bDate\.now\(|new Date\(\)|performance\.now\(/.test(read(file)));
    expect(readers).toEqual([path.join('src', 'clock.ts')]);
  });

  it('read the environment only in catalog and in the command line', () => {
    const readers = sources.filter((file) => /process\.env\b/.test(read(file)));
    expect(readers.filter((file) => !['catalog', 'cli'].includes(roomOf(file)))).toEqual([]);
  });

  it('stay under 400 lines a file', () => {
    const long = sources.filter((file) => read(file).split('\n').length > 400);
    expect(long).toEqual([]);
  });

  it('are all reached from the program or a worker', () => {
    const entries = [
      path.join('src', 'cli', 'main.ts'),
      ...sources.filter((file) => file.endsWith('-worker.ts')),
      // Scripts of the browser pages, named by their index.html.
      ...sources.filter((file) => roomOf(file) === 'dashboard' && path.basename(file) === 'main.tsx'),
      path.join('src', 'store', 'schema.ts'),
      path.join('src', 'store', 'schema-surfaces.ts'),
      path.join('src', 'store', 'schema-idempotency.ts'),
    ];
    const reached = new Set<string>();
    const open = [...entries];
    for (let file = open.pop(); file; file = open.pop()) {
      if (reached.has(file) || !sources.includes(file)) continue;
      reached.add(file);
      for (const target of importsOf(file).filter((name) => name.startsWith('.'))) {
        open.push(path.relative(root, path.resolve(root, path.dirname(file), target)));
      }
    }
    expect(sources.filter((file) => !reached.has(file))).toEqual([]);
  });

  it('leave no promised part open', () => {
    const open = [...sources, ...tests].filter(
      (file) => file !== path.join('test', 'tidy.test.ts') && /\b(TODO|FIXME|XXX)\b/.test(read(file)),
    );
    expect(open).toEqual([]);
  });
});

describe('tests', () => {
  it('are all run: none is focused, none is skipped for good', () => {
    const held = tests.filter(
      (file) => file !== path.join('test', 'tidy.test.ts') && /\b(describe|it|test)\.(only|skip)\(/.test(read(file)),
    );
    expect(held).toEqual([]);
  });
});

describe('the bench', () => {
  it('compares with a baseline that nobody has tuned', () => {
    const hash = createHash('sha256').update(read('bench/bare-undici.mjs')).digest('hex');
    expect(hash).toBe('f566edf19175152e060ef0e3b9152978509a0b45e296b57d93768577bcfaf9e4');
    expect(JSON.parse(read('bench/package.json')).dependencies.undici).toBe('8.12.4');
  });
});

describe('the linter', () => {
  it('finds a promise that nobody awaits, a misused one, and a switch that misses a case', () => {
    const faults = [
      'async function save(): Promise<void> {}',
      'export function floating() {\n  save();\n}',
      'export function misused(list: string[]) {\n  list.forEach(async () => save());\n}',
      'type State = "open" | "sealed";',
      'export function missing(state: State): number {\n  switch (state) {\n    case "open":\n      return 1;\n  }\n  return 0;\n}',
    ].join('\n');
    const dir = mkdtempSync(path.join(root, 'test', 'lint-probe-'));
    const file = path.join(dir, 'faults.ts');
    try {
      writeFileSync(file, faults);
      expect(lintRules(file)).toEqual(
        expect.arrayContaining(['noFloatingPromises', 'noMisusedPromises', 'useExhaustiveSwitchCases']),
      );
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

function lintRules(file: string): string[] {
  const bin = path.join(root, 'node_modules', '.bin', 'biome');
  try {
    execFileSync(bin, ['lint', '--reporter=json', file], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return [];
  } catch (error) {
    const output = (error as { stdout: string }).stdout;
    const report: { diagnostics: { category: string }[] } = JSON.parse(output);
    return report.diagnostics.map((diagnostic) => diagnostic.category.split('/').at(-1) ?? '');
  }
}
