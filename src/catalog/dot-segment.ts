/**
 * Whether a segment, decoded, is `.` or `..` to some server: also behind a blank, and before `;` parameters, a blank, what a
 * second parse takes for a query, or a format (`...json`), all of which are cut off here and there before dots are
 * resolved. Neither a call nor a listed route may have one.
 */
export function isDotSegment(decoded: string): boolean {
  return dots.test(decoded);
}

const dots = /^\s*(?:\.\.?(?:$|[;?#\s])|\.\.\.[^.])/;
