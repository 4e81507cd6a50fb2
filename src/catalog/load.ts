import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkTogether } from './checks.ts';
import { compileConfig } from './compile.ts';
import type { Environment } from './environment.ts';
import { catalogLimits } from './limits-defaults.ts';
import { overrideListeners } from './listen-override.ts';
import type { Config } from './model.ts';
import { parseSettings } from './parse.ts';
import type { Report } from './report.ts';
import { readSecrets } from './secrets.ts';
import { type Problem, readSource } from './source.ts';

export type LoadResult = { ok: true; config: Config; warnings: Problem[] } | { ok: false; problems: Problem[] };

/** Reads, checks and compiles the catalog. Whatever the file holds, it returns every problem at once and never throws. */
export function loadConfig({ file, env }: { file: string; env: Environment }): LoadResult {
  const absolute = path.resolve(file);
  const yaml = readYaml(absolute);
  if (!yaml.ok) return { ok: false, problems: [yaml.problem] };
  return loadConfigText({ file: absolute, text: yaml.text, env });
}

/** The same for a text that would stand in this file: what it names is looked for beside the file. */
export function loadConfigText({ file, text, env }: { file: string; text: string; env: Environment }): LoadResult {
  const absolute = path.resolve(file);
  const source = readSource(absolute, text);
  if (source.problems.length > 0) return { ok: false, problems: source.problems };
  const { settings, problems } = parseSettings(source, env);
  const report: Report = { source, folder: path.dirname(absolute), problems, warnings: [] };
  overrideListeners(settings, env, report);
  const secrets = readSecrets(settings, report);
  checkTogether(settings, report);
  if (problems.length > 0) return { ok: false, problems: inFileOrder(problems) };
  return { ok: true, config: compileConfig(absolute, settings, secrets), warnings: inFileOrder(report.warnings) };
}

/** One line a person can act on: where, what, and what should stand there. */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  return `${place}: ${problem.field ? `${problem.field} ` : ''}${problem.message} (expected ${problem.expected})`;
}

function readYaml(file: string): { ok: true; text: string } | { ok: false; problem: Problem } {
  const fail = (message: string, expected: string) => {
    return { ok: false as const, problem: { file, line: 0, column: 0, field: '', message, expected } };
  };
  try {
    if (statSync(file).size > catalogLimits.fileBytesMax) return fail('is too large for a catalog', 'at most 4 MiB');
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)) };
  } catch (error) {
    if (error instanceof TypeError) return fail('is not UTF-8 text', 'a YAML file in UTF-8');
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return fail(code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`, 'a YAML file');
  }
}

function inFileOrder(problems: Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
