/** Finds the route of a path. */
import { badRequest } from './problem.ts';
import type { Route } from './route.ts';

export type Found = { route: Route; params: ReadonlyMap<string, string> };

/** All routes of a path, one for each method; none when nothing has this address. */
export type RouteFinder = (pathname: string) => Found[];

export function routeFinder(routes: readonly Route[]): RouteFinder {
  const compiled = routes.map((route) => ({ route, parts: partsOf(route.path) }));
  return (pathname) => {
    const path = partsOf(pathname);
    const fitting = compiled.filter(({ parts }) => fits(parts, path));
    // `/paths/strict-send` is no path with the name strict-send.
    const named = fitting.filter(({ parts }) => parts.every((part, at) => part === path[at]));
    return (named.length > 0 ? named : fitting).map(({ route, parts }) => ({ route, params: paramsOf(parts, path) }));
  };
}

/** One slash at the end is ignored, as by Horizon; an empty part within is not. */
function partsOf(pathname: string): string[] {
  return pathname.replace(/\/$/, '').split('/').slice(1);
}

const PARAM = /^\{(\w+)\}$/;

function fits(parts: readonly string[], path: readonly string[]): boolean {
  return (
    parts.length === path.length && parts.every((part, at) => (PARAM.test(part) ? path[at] !== '' : part === path[at]))
  );
}

function paramsOf(parts: readonly string[], path: readonly string[]): Map<string, string> {
  const params = new Map<string, string>();
  for (const [at, part] of parts.entries()) {
    const name = PARAM.exec(part)?.[1];
    if (name !== undefined) params.set(name, path[at] ?? '');
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
