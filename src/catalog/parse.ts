import type { z } from 'zod';
import type { Environment } from './environment.ts';
import { expandEnvironment } from './environment.ts';
import type { IssueParams } from './field.ts';
import { type ApiSettings, api, type Sections, sections } from './schema.ts';
import { fieldName, type Path, type Problem, type Source } from './source.ts';

/** What of the file has the right form. Sections with a problem are missing, so that the rest is still checked. */
export type Settings = {
  sections: Partial<Sections>;
  apis: { settings: ApiSettings; path: Path }[];
  problems: Problem[];
};

/** Expands the environment and checks the form of every section and API on its own, so that all problems come at once. */
export function parseSettings(source: Source, env: Environment): Settings {
  const { value, problems } = expandEnvironment(source, env);
  const settings: Settings = { sections: {}, apis: [], problems };
  if (!isRecord(value)) {
    problems.push(source.problem([], 'is not a YAML mapping', 'sections such as gateway:, stellar: and apis:'));
    return settings;
  }
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(sections, key) || key === 'apis') continue;
    problems.push(unknownKey(source, [key], [...Object.keys(sections), 'apis']));
  }
  const found = Object.keys(sections).map((name) => [name, check(sectionOf(name), value[name], [name])] as const);
  settings.sections = Object.fromEntries(found.filter(([, section]) => section !== undefined));
  const apis = value['apis'];
  if (!Array.isArray(apis) || apis.length === 0) {
    problems.push(
      source.problem(['apis'], apis === undefined ? 'is missing' : 'is no list of APIs', 'at least one API'),
    );
    return settings;
  }
  for (const [index, item] of apis.entries()) {
    const path = ['apis', index];
    const parsed = check(api, item, path);
    if (parsed) settings.apis.push({ settings: parsed, path });
  }
  return settings;

  function check<T>(schema: z.ZodType<T>, input: unknown, path: Path): T | undefined {
    const result = schema.safeParse(input);
    if (result.success) {
      const broken = problems.some((problem) => problem.field.startsWith(fieldName(path)));
      return broken ? undefined : result.data;
    }
    for (const issue of result.error.issues) addIssue(issue, path, schema);
    return undefined;
  }

  function addIssue(issue: z.core.$ZodIssue, prefix: Path, schema: z.ZodType): void {
    const path = [...prefix, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) problems.push(unknownKey(source, [...path, key], keysAt(schema, issue.path)));
      return;
    }
    // A value that could not be expanded has been named already; its form says nothing more.
    if (problems.some((problem) => problem.field === fieldName(path))) return;
    problems.push(source.problem(path, messageOf(issue), expectedOf(issue, source.spelling(path))));
  }
}

function sectionOf(name: string): z.ZodType {
  const found = Object.entries(sections).find(([key]) => key === name)?.[1];
  if (!found) throw new Error(`no section is named ${name}`);
  return found;
}

function unknownKey(source: Source, path: Path, known: string[]): Problem {
  const key = String(path.at(-1));
  const near = known.find((name) => withinOneEdit(name, key));
  const hint = near ? `; did you mean ${near}?` : '';
  return source.keyProblem(
    path,
    `is not a known key${hint}`,
    known.length ? `one of ${known.join(', ')}` : 'a known key',
  );
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  return issue.message;
}

function expectedOf(issue: z.core.$ZodIssue, spelling: string | undefined): string {
  if (issue.code === 'custom' && issue.params) {
    const params = issue.params as IssueParams;
    return params.quote && spelling !== undefined && /^[0-9.]+$/.test(spelling) ? `"${spelling}"` : params.expected;
  }
  if (issue.code === 'invalid_type') return issue.expected === 'object' ? 'a mapping' : `a ${issue.expected}`;
  return 'the documented form';
}

/** The keys that the schema knows at a path, for the message about one it does not know. */
function keysAt(schema: z.ZodType, path: PropertyKey[]): string[] {
  let at: unknown = unwrap(schema);
  for (const part of path) {
    const holder = at as { shape?: Record<string, unknown>; element?: unknown };
    at = unwrap(typeof part === 'number' ? holder.element : holder.shape?.[String(part)]);
  }
  return Object.keys((at as { shape?: object } | undefined)?.shape ?? {});
}

function unwrap(schema: unknown): unknown {
  let at = schema as { unwrap?: () => unknown; shape?: unknown; element?: unknown } | undefined;
  while (at && !at.shape && !at.element && at.unwrap) at = at.unwrap() as typeof at;
  return at;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One letter added, left out or changed, or two neighbours swapped. */
function withinOneEdit(known: string, typed: string): boolean {
  if (Math.abs(known.length - typed.length) > 1) return false;
  let at = 0;
  while (at < known.length && known[at] === typed[at]) at++;
  const rest = (text: string, from: number) => text.slice(at + from);
  return (
    rest(known, 1) === rest(typed, 1) ||
    rest(known, 1) === rest(typed, 0) ||
    rest(known, 0) === rest(typed, 1) ||
    (known[at] === typed[at + 1] && known[at + 1] === typed[at] && rest(known, 2) === rest(typed, 2))
  );
}
