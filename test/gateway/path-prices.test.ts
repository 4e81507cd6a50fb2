import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathReaders } from '../support/path-readers.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { readAnswers, valuesOf } from '../support/strict-http.ts';
import { makeConfig, type Rig, startRig, token } from './rig.ts';

/** The priced path is the forwarded path, and no server behind the gateway reads it as a dearer route than was paid. */

/** Price in units of 0.001 by what is behind the mount; `:` stands for any one segment. An unlisted path costs 1. */
const listed: [path: string, price: number][] = [
  ['/dear', 5_000],
  ['/mixed/dear:now', 5_000],
  ['/city/:', 2],
  ['/city/gold', 5_000],
  ['/city/gold/:', 7_000],
  ['/a.b/silver', 5_000],
  ['/kiss', 5_000],
  ['/issues.json', 5_000],
];
const unlisted = 1;

let upstream: RecordingUpstream;
let rig: Rig;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
  const list = listed.map(([path, price]) => ({
    match: `GET ${path.replace('/:', '/:any')}`,
    price: `${price / 1_000}`,
  }));
  const api = { origin: upstream.origin, price: '0.001', list };
  rig = await startRig({
    config: makeConfig([
      { ...api, mount: '/a', encodedSlash: true },
      { ...api, mount: '/b/deep', basePath: '/v1' },
    ]),
    balance: '1000000000',
  });
});

afterAll(async () => {
  await rig.close();
  await upstream.close();
});

function priceOf(path: string): number {
  const segments = path.split('/');
  const literal = listed.find(([text]) => text === path);
  const match = listed.find(([text]) => {
    const wanted = text.split('/');
    return (
      wanted.length === segments.length &&
      wanted.every((name, i) => name === segments[i] || (name === ':' && segments[i] !== ''))
    );
  });
  return (literal ?? match)?.[1] ?? unlisted;
}

const readerNames = Object.keys(pathReaders);

/** Every reading of a path by one reader, and by the given readers one behind another. */
function readings(path: string, chain: string[]): [string, string][] {
  const alone = readerNames.map((name): [string, string] => [name, pathReaders[name]?.(path) ?? path]);
  const behind: [string, string][] = [];
  let read = path;
  for (const [i, name] of chain.entries()) {
    read = pathReaders[name]?.(read) ?? read;
    behind.push([chain.slice(0, i + 1).join(', '), read]);
  }
  return [...alone, ...behind];
}

/** Ways to write what stands at a place of a path differently, or to put something there. */
const spellings: ((char: string) => string)[] = [
  (char) => `%${hex(char)}`,
  (char) => `%${hex(char).toLowerCase()}`,
  (char) => `%25${hex(char)}`,
  (char) => `%2525${hex(char)}`,
  (char) => char.toUpperCase(),
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
  ...['?', '?x', '#', '#x', ' ', '+', '~', ':', '::$DATA', '.json', '*', '\t', '\0', '\xe4'],
];

function hex(char: string): string {
  return (char.charCodeAt(0) & 0xff).toString(16).padStart(2, '0').toUpperCase();
}

type Change = { at: number; how: { spell: number } | { insert: string } | { drop: true } };

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(40),
  how: fc.oneof(
    { weight: 3, arbitrary: fc.record({ spell: fc.nat(spellings.length - 1) }) },
    { weight: 4, arbitrary: fc.record({ insert: fc.constantFrom(...insertions) }) },
    { weight: 1, arbitrary: fc.record({ drop: fc.constant(true as const) }) },
  ),
});

function changed(path: string, { at, how }: Change): string {
  // Most of what readers differ about stands at an end, so a place past the end is the end.
  const i = Math.min(at, path.length);
  if ('insert' in how) return path.slice(0, i) + how.insert + path.slice(i);
  if ('drop' in how) return path.slice(0, i) + path.slice(i + 1);
  const char = path[i];
  return char === undefined ? path : path.slice(0, i) + (spellings[how.spell]?.(char) ?? char) + path.slice(i + 1);
}

const target = fc
  .record({
    form: fc.constantFrom(
      '',
      '',
      '',
      '',
      '',
      'http://gateway.test',
      'http://upstream.test',
      'https://gateway.test',
      '*',
    ),
    mount: fc.constantFrom('/a', '/b/deep'),
    path: fc.constantFrom(...listed.map(([path]) => path.replace('/:', '/oslo')), '/other', '/'),
    changes: fc.array(change, { maxLength: 4 }),
  })
  .map(({ form, mount, path, changes }) => ({ mount, target: form + mount + changes.reduce(changed, path) }));

/** Nearly every server decodes first. */
const chain = fc
  .tuple(
    fc.constantFrom(['decodes once'], ['decodes once'], ['WHATWG URL', 'decodes once'], []),
    fc.shuffledSubarray(readerNames, { maxLength: 6 }),
  )
  .map(([first, others]) => [...first, ...others]);

describe('a call whose path could be read in several ways', () => {
  const prefixOf: Record<string, string> = { '/a': '', '/b/deep': '/v1' };

  it('is refused, or forwarded byte for byte at the price of its dearest reading', async () => {
    let sold = 0;
    await fc.assert(
      fc.asyncProperty(target, chain, async ({ mount, target }, names) => {
        const before = upstream.requests.length;
        const head = `GET ${target} HTTP/1.1\r\nhost: gateway.test\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`;
        const raw = await rig.send(Buffer.from(head, 'latin1'));
        const seen = upstream.requests.slice(before);
        expect(upstream.faults).toEqual([]);
        const answer = readAnswers(raw, ['GET'], true).answers[0];
        if (answer?.status !== 200) {
          expect(raw).toMatch(/^HTTP\/1\.1 4\d\d /);
          expect(seen).toEqual([]);
          return;
        }
        sold++;
        const [path = '', ...query] = target.slice(mount.length).split('?');
        const forwarded = (prefixOf[mount] ?? '') + path || '/';
        expect(seen.map((request) => request.target)).toEqual([[forwarded, ...query].join('?')]);
        const paid = Number(valuesOf(answer.fields, 'callora-price')[0]) * 1_000;
        const dearer = readings(path || '/', names).filter(([, read]) => priceOf(read) > paid + 0.5);
        expect(dearer).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
    // The property says nothing about a gateway that refuses everything.
    expect(sold).toBeGreaterThan(300);
  });
});
