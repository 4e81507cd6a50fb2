/**
 * How the paths of one template relate to those of another, mount included: `none` in common; `same` paths; some in
 * common, for which the first comes `before` the second in a route table, or `behind` it.
 */
export type Overlap = 'none' | 'same' | 'before' | 'behind';

export function overlapOf(first: string, second: string): Overlap {
  const [left, right] = [first.split('/').slice(1), second.split('/').slice(1)];
  let order: Overlap = 'same';
  for (let at = 0; ; at++) {
    const [a, b] = [left[at], right[at]];
    if (a === undefined && b === undefined) return order;
    // A * takes the rest, which may be nothing; what goes on beside it is more particular.
    if (a === '*' || b === '*') {
      if (a === b || order !== 'same') return order;
      return a === '*' ? 'behind' : 'before';
    }
    if (a === undefined || b === undefined) return restOf(a === undefined ? right : left, at) ? order : 'none';
    const [aParam, bParam] = [a.startsWith(':'), b.startsWith(':')];
    if (!aParam && !bParam && a !== b) return 'none';
    // A parameter is never empty.
    if ((aParam && b === '') || (bParam && a === '')) return 'none';
    // The leftmost difference decides, as in the table.
    if (order === 'same' && aParam !== bParam) order = aParam ? 'behind' : 'before';
  }
}

function restOf(longer: string[], at: number): boolean {
  return longer[at] === '*' && longer.length === at + 1;
}
