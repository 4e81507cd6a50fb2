import type { Route } from '../catalog/model.ts';
import { fieldLines } from '../http1/field-lines.ts';
import { formatUsdc } from '../money.ts';
import { foldedName } from './fields.ts';

/** What every call of a route needs in the same form, made once per route of a catalog. */
export type Prepared = {
  /** Fields the catalog adds for the upstream, as lines, and their folded names, which no client may send itself. */
  secretLines: string;
  secretNames: Set<string>;
  /** What no field of an answer may hold: the credentials among them, as they stand and as a URL would hold them. */
  secretValues: string[];
  /** Decimal USDC. */
  price: string;
  /** Stored id of the route in the dictionary of the database. */
  id(): number;
  /** Paid answers belong to who paid; only open ones, and routes that say so, may sit in a shared cache. */
  keepsCacheFields: boolean;
};

export function prepareRoute(route: Route, storedId: (route: Route) => number): Prepared {
  const { headers, secrets } = route.api;
  let id: number | undefined;
  return {
    secretLines: fieldLines(headers.flat()),
    secretNames: new Set(headers.map(([name]) => foldedName(name))),
    secretValues: secrets.flatMap(spellings),
    price: formatUsdc(route.priceUnits),
    id() {
      id ??= storedId(route);
      return id;
    },
    keepsCacheFields: route.cacheable || route.auth === 'none',
  };
}

/** Shorter values would be found in fields by chance. */
const secretCharsMin = 8;

/** `Bearer abc` is a secret because of `abc`. */
function spellings(value: string): string[] {
  const secret = value.slice(value.lastIndexOf(' ') + 1);
  const found = secret.length < secretCharsMin ? value : secret;
  if (found.length < secretCharsMin) return [];
  return [...new Set([found, encodeURIComponent(found)])];
}
