import type { z } from 'zod';
import { type Environment, expandEnvironment } from './environment.ts';
import type { IssueParams } from './field.ts';
import {
  type ApiSettings,
  api,
  type RouteSettings,
  route,
  type Sections,
  sections,
  type WebhookSettings,
  webhook,
} from './schema.ts';
import { fieldName, type Path, type Problem, type Source } from './source.ts';

/**
 * What of the file has the right form. A key with a problem is left out, so that everything else can still be
 * checked; when there are no problems, nothing is missing.
 */
export type Settings = {
  sections: { [Name in keyof Sections]: Partial<Sections[Name]> };
  apis: ApiDraft[];
  webhooks: WebhookDraft[];
};

export type ApiDraft = { settings: Partial<ApiSettings>; path: Path; routes: RouteDraft[] };
export type WebhookDraft = { settings: Partial<WebhookSettings>; path: Path };
export type RouteDraft = { settings: Partial<RouteSettings>; path: Path };

/** A strict zod object whose keys can be checked one by one. */
type Keyed = z.ZodType & { shape: Record<string, z.ZodType> };

/** Expands the environment and checks the form of every key on its own, so that all problems come at once. */
export function parseSettings(source: Source, env: Environment): { settings: Settings; problems: Problem[] } {
  const { value, problems } = expandEnvironment(source, env);
  const root = isRecord(value) ? value : {};
  reportUnknown(root, [...Object.keys(sections), 'apis', 'webhooks'], []);
  const settings: Settings = {
    sections: {
      gateway: parse<Sections['gateway']>(sections.gateway, root.gateway, ['gateway']),
      admin: parse<Sections['admin']>(sections.admin, root.admin, ['admin']),
      stellar: parse<Sections['stellar']>(sections.stellar, root.stellar, ['stellar']),
      deposits: parse<Sections['deposits']>(sections.deposits, root.deposits, ['deposits']),
      storage: parse<Sections['storage']>(sections.storage, root.storage, ['storage']),
      tokens: parse<Sections['tokens']>(sections.tokens, root.tokens, ['tokens']),
      settlement: parse<Sections['settlement']>(sections.settlement, root.settlement, ['settlement']),
      log: parse<Sections['log']>(sections.log, root.log, ['log']),
    },
    apis: [],
    webhooks: listOf(root.webhooks, ['webhooks']).map((item, index) => {
      const path = ['webhooks', index];
      return { settings: parse<WebhookSettings>(webhook, item, path), path };
    }),
  };
  if (!Array.isArray(root.apis) || root.apis.length === 0) {
    const message = root.apis === undefined ? 'is missing' : 'is not a list of APIs';
    problems.push(source.problem(['apis'], message, 'a list of at least one API'));
    return { settings, problems };
  }
  settings.apis = root.apis.map((item: unknown, index): ApiDraft => {
    const path = ['apis', index];
    const parsed = parse<ApiSettings>(api, item, path);
    const routes = (parsed.routes ?? []).map((listed, position): RouteDraft => {
      const routePath = [...path, 'routes', position];
      return { settings: parse<RouteSettings>(route, listed, routePath), path: routePath };
    });
    return { settings: parsed, path, routes };
  });
  return { settings, problems };

  /** A list that may be left out. */
  function listOf(given: unknown, path: Path): unknown[] {
    if (given === undefined || given === null) return [];
    if (Array.isArray(given)) return given;
    problems.push(source.problem(path, 'is not a list', 'a list'));
    return [];
  }

  function parse<T>(schema: Keyed, input: unknown, path: Path): Partial<T> {
    if (input !== undefined && !isRecord(input)) {
      problems.push(source.problem(path, 'is not a mapping', `keys such as ${Object.keys(schema.shape)[0]}`));
      return {};
    }
    const given = input ?? {};
    reportUnknown(given, Object.keys(schema.shape), path);
    const found: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(schema.shape)) {
      const keyPath = [...path, key];
      // What the environment could not fill in has been named already; its form says nothing more.
      if (problems.some((problem) => isUnder(problem.field, fieldName(keyPath)))) continue;
      const result = field.safeParse(Object.hasOwn(given, key) ? given[key] : undefined);
      if (result.success) found[key] = result.data;
      else for (const issue of result.error.issues) addIssue(issue, keyPath);
    }
    return found as Partial<T>;
  }

  function reportUnknown(given: Record<string, unknown>, known: string[], path: Path): void {
    for (const key of Object.keys(given)) if (!known.includes(key)) addUnknown([...path, key], known);
  }

  function addUnknown(path: Path, known: string[]): void {
    const near = known.find((name) => isWithinOneEdit(name, String(path.at(-1))));
    const hint = near ? `; did you mean ${near}?` : '';
    const expected = known.length > 0 ? `one of ${known.join(', ')}` : 'a key that config.example.yaml documents';
    problems.push(source.keyProblem(path, `is not a known key${hint}`, expected));
  }

  function addIssue(issue: z.core.$ZodIssue, prefix: Path): void {
    const path = [...prefix, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
    switch (issue.code) {
      case 'unrecognized_keys':
        for (const key of issue.keys) addUnknown([...path, key], []);
        return;
      case 'custom': {
        const params = issue.params as IssueParams;
        const spelling = source.spelling(path) ?? '';
        const expected = params.quote && /^[0-9.]+$/.test(spelling) ? `"${spelling}"` : params.expected;
        problems.push(source.problem(path, issue.message, expected));
        return;
      }
      case 'invalid_type': {
        const expected = issue.expected === 'array' ? 'a list' : 'a mapping';
        problems.push(source.problem(path, `is not ${expected}`, expected));
        return;
      }
      default:
        problems.push(source.problem(path, issue.message, 'the form that config.example.yaml documents'));
    }
  }
}

function isUnder(field: string, parent: string): boolean {
  return field.startsWith(parent) && ['', '.', '['].includes(field.charAt(parent.length));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One letter added, left out or changed, or two neighbours swapped. */
function isWithinOneEdit(known: string, typed: string): boolean {
  if (Math.abs(known.length - typed.length) > 1) return false;
  let at = 0;
  while (at < known.length && known[at] === typed[at]) at++;
  const rest = (text: string, skip: number) => text.slice(at + skip);
  return (
    rest(known, 1) === rest(typed, 1) ||
    rest(known, 1) === rest(typed, 0) ||
    rest(known, 0) === rest(typed, 1) ||
    (known[at] === typed[at + 1] && known[at + 1] === typed[at] && rest(known, 2) === rest(typed, 2))
  );
}
