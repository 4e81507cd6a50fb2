import type { Call, Page } from './gateway.ts';

/**
 * A newest page, read again, before the calls that are shown already. Undefined when so many are new that the two no
 * longer touch: what lies between is not known, and a list with a silent gap would be wrong.
 */
export function joinPages(newest: Call[], shown: Page<Call>): Page<Call> | undefined {
  const known = new Set(shown.items.map((item) => item.call));
  if (!newest.some((item) => known.has(item.call))) return undefined;
  const fresh = new Set(newest.map((item) => item.call));
  return { items: [...newest, ...shown.items.filter((item) => !fresh.has(item.call))], next: shown.next };
}
