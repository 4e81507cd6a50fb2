/** Pages of lists whose cursors are texts in the order of their letters, as of accounts. */
import type { StateQuery } from './page.ts';

export function textPage(texts: readonly string[], { cursor, order, limit }: StateQuery): string[] {
  const sorted = [...texts].sort();
  const ordered = order === 'asc' ? sorted : sorted.reverse();
  const behind = (text: string) => cursor === '' || (order === 'asc' ? text > cursor : text < cursor);
  return ordered.filter(behind).slice(0, limit);
}
