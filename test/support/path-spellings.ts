import fc from 'fast-check';
import { pathReaders } from './path-readers.ts';

/** Ways to write a path that servers read differently, and what they make of it one behind another. */

const readerNames = Object.keys(pathReaders);

/** Every reading of a path by one reader, and by the given readers one behind another. */
export function readingsOf(path: string, chain: string[]): [string, string][] {
  const alone = readerNames.map((name): [string, string] => [name, pathReaders[name]?.(path) ?? path]);
  const behind: [string, string][] = [];
  let read = path;
  for (const [i, name] of chain.entries()) {
    read = pathReaders[name]?.(read) ?? read;
    behind.push([chain.slice(0, i + 1).join(', '), read]);
  }
  return [...alone, ...behind];
}

/** What stands raw in a path that is not as the catalog has it, and what browsers and libraries encode without need. */
const raw: Record<string, string> = { '~': '%7E', '[': '%5B', ']': '%5D', '|': '%7C' };

/** Ways to write what stands at a place of a path differently, or to put something there. */
const spellings: ((char: string) => string)[] = [
  (char) => `%${hex(char)}`,
  (char) => `%${hex(char).toLowerCase()}`,
  (char) => `%25${hex(char)}`,
  (char) => `%2525${hex(char)}`,
  (char) => char.toUpperCase(),
  (char) => raw[char] ?? char,
  (char) => (char === 'k' ? '%E2%84%AA' : char === 's' ? '%C5%BF' : char),
  (char) => String.fromCharCode((char.charCodeAt(0) & 0x7f) | 0x80),
  (char) => `%C0%${hex(String.fromCharCode(char.charCodeAt(0) | 0x80))}`,
];
const insertions = [
  ...[
    '/',
    '//',
    '/./',
    '/../',
    '/x/../',
    '/.',
    '/..',
    '\\',
    '/..\\',
    '..',
    '.',
    '...',
    ';',
    ';x=1',
    '/;/',
    '/..;/',
    '.;',
  ],
  ...[
    '%2F',
    '%2f',
    '%5C',
    '%5c',
    '%00',
    '%0A',
    '%09',
    '%20',
    '%2E',
    '%2e',
    '%2e%2e',
    '%2E%2E%2F',
    '%252F',
    '%252e',
    '%3B',
  ],
  ...[
    '%3F',
    '%23',
    '%C0%AE',
    '%C0%AF',
    '%E0%80%AF',
    '%C2%A0',
    '%E2%80%AE',
    '%EF%BC%8F',
    '%EF%BC%8E',
    '%u002f',
    '%',
    '%%',
  ],
  ...[
    '?',
    '?x',
    '#',
    '#x',
    ' ',
    '+',
    '~',
    ':',
    '::$DATA',
    '.json',
    '*',
    '[',
    ']',
    '|',
    '%7E',
    '%c3%a9',
    '\t',
    '\0',
    '\xe4',
  ],
];

function hex(char: string): string {
  return (char.charCodeAt(0) & 0xff).toString(16).padStart(2, '0').toUpperCase();
}

export type Change = { at: number; how: { spell: number } | { insert: string } | { drop: true } };

export const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(40),
  how: fc.oneof(
    { weight: 3, arbitrary: fc.record({ spell: fc.nat(spellings.length - 1) }) },
    { weight: 4, arbitrary: fc.record({ insert: fc.constantFrom(...insertions) }) },
    { weight: 1, arbitrary: fc.record({ drop: fc.constant(true as const) }) },
  ),
});

export function changed(path: string, { at, how }: Change): string {
  // Most of what readers differ about stands at an end, so a place past the end is the end.
  const i = Math.min(at, path.length);
  if ('insert' in how) return path.slice(0, i) + how.insert + path.slice(i);
  if ('drop' in how) return path.slice(0, i) + path.slice(i + 1);
  const char = path[i];
  return char === undefined ? path : path.slice(0, i) + (spellings[how.spell]?.(char) ?? char) + path.slice(i + 1);
}

/** Nearly every server decodes first. */
export const readerChain = fc
  .tuple(
    fc.constantFrom(['decodes once'], ['decodes once'], ['WHATWG URL', 'decodes once'], []),
    fc.shuffledSubarray(readerNames, { maxLength: 6 }),
  )
  .map(([first, others]) => [...first, ...others]);
