/**
 * What servers are lenient about in any part of a path, in the order in which they come to it: parameters, encodings,
 * what a second parse takes for a query, parameters that were encoded, blanks around a name and the dots behind it that
 * file systems drop, and case. Upper case comes first, since some letters beyond ASCII fold to an ASCII letter one way
 * only.
 */
const everywhere: ((path: string) => string)[] = [
  (path) => (path.includes(';') ? path.replace(/;[^/]*/g, '') : path),
  (path) => (path.includes('%') ? decodeURIComponent(path) : path),
  (path) => path.replace(/[?#].*$/s, ''),
  (path) => (path.includes(';') ? path.replace(/;[^/]*/g, '') : path),
  (path) => path.replace(/(?<=\/)\s+(?=[^/\s])/g, '').replace(/(?<=[^/\s.])[\s.]+(?=\/|$)/g, ''),
  (path) => path.toUpperCase().toLowerCase(),
];

/**
 * And at its end: a final slash, and a format behind the last name. Rails and Django REST framework take one word behind
 * the last dot for it, older Spring all that follows the first one.
 */
const atTheEnd: ((path: string) => string)[] = [
  (path) => (path.endsWith('/') ? path.slice(0, -1) : path),
  (path) => cutAt(path, path.lastIndexOf('.')),
  (path) => cutAt(path, path.indexOf('.', path.lastIndexOf('/') + 1)),
];

/** Without what a dot in the last name begins, nor blanks and dots before it, nor the slash of a name that was nothing else. */
function cutAt(path: string, dot: number): string {
  const name = path.lastIndexOf('/') + 1;
  if (dot < name) return path;
  const kept = path.slice(name, dot).replace(/(?<![\s.])[\s.]+$/, '');
  return kept === '' ? path.slice(0, Math.max(0, name - 1)) : path.slice(0, name) + kept;
}

/** What is left of a whole path when a server is lenient about everything. */
export function lenientPath(path: string): string {
  return atTheEnd.reduce(applied, lenientNames(path));
}

/** The same for the front part of a path, behind which more may follow. */
export function lenientNames(path: string): string {
  return everywhere.reduce(applied, path);
}

function applied(read: string, apply: (path: string) => string): string {
  return apply(read);
}

/**
 * Most paths have one or two readings; a name in upper case with a blank and a dot, and a file with two dots behind it,
 * have 24, or 32 with a final slash. Each is a pass over the path, and the paths come from anyone: of the longest ones that
 * were tried, 7.7 KB, the dearest took 2 to 3 ms.
 */
const readingsMax = 48;

/** Every reading by a server that is lenient about some of it, or undefined when there are too many to look at. */
export function lenientReadings(path: string): string[] | undefined {
  const readings = new Set([path]);
  for (const apply of [...everywhere, ...atTheEnd]) {
    for (const reading of [...readings]) readings.add(apply(reading));
    if (readings.size > readingsMax) return undefined;
  }
  return [...readings];
}
