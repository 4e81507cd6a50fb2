/** Finds the route of a path. */
import { badRequest } from './problem.ts';
import type { Route } from './route.ts';

export type Found = { route: Route; params: ReadonlyMap<string, string> };

/** All routes of a path, one for each method; none when nothing has this address. */
export type RouteFinder = (pathname: string) => Found[];

export function routeFinder(routes: readonly Route[]): RouteFinder {
  const compiled = routes.map((route) => ({ route, parts: partsOf(route.path).map(readPart) }));
  return (pathname) => {
    const path = partsOf(pathname);
    return compiled.flatMap(({ route, parts }) => {
      const params = paramsOf(parts, path);
      return params ? [{ route, params }] : [];
    });
  };
}

/** One slash at the end is ignored, as by Horizon; an empty part within is not. */
function partsOf(pathname: string): string[] {
  return pathname.replace(/\/$/, '').split('/').slice(1);
}

type Part = { text: string; param: string | undefined };

function readPart(text: string): Part {
  return { text, param: /^\{(\w+)\}$/.exec(text)?.[1] };
}

/** Undefined when the path is another one. */
function paramsOf(parts: readonly Part[], path: readonly string[]): Map<string, string> | undefined {
  if (parts.length !== path.length) return undefined;
  const params = new Map<string, string>();
  for (const [at, { text, param }] of parts.entries()) {
    const given = path[at] ?? '';
    if (param === undefined ? text !== given : given === '') return undefined;
    if (param !== undefined) params.set(param, given);
  }
  return params;
}

/** Throws 400 where the percent escapes are no text. */
export function paramText(params: ReadonlyMap<string, string>, name: string): string {
  const text = params.get(name);
  if (text === undefined) throw new Error(`the route has no parameter ${name}`);
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest(name, 'invalid value');
  }
}
