import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTarget } from '../../src/gateway/path.ts';
import { decodeOnce, removeDotSegments } from '../support/path-readers.ts';

function read(target: string) {
  return readTarget(target, 8_192);
}

describe('a request target', () => {
  it.each([
    '/',
    '/a',
    '/a/',
    '/a/b.c/d-e_f~g',
    "/a:b@c!$&'()*+,=",
    '/a;v=1/b',
    '/a%20b',
    '/caf%C3%A9',
    '/%E2%82%AC/%F0%9F%98%80',
    '/100%25',
    '/100%25!',
    '/%3Fx%23y',
    '/...',
    '/....x',
    '/%C2%A0.a',
    '/.%C3%A9',
    '/..%3A',
    '/..a',
    '/.a',
    '/a..',
    '/.well-known/x',
  ])('passes %s as it is', (path) => {
    expect(read(path)).toMatchObject({ ok: true, target: { path, query: '', encodedSlash: false } });
  });

  it('keeps the query untouched, whatever its dots and encodings', () => {
    const query = '?a=/../b&c=%2e%2E%2f%5c&d={x}|[y]&e=%zz&f=//';
    expect(read(`/a${query}`)).toEqual({
      ok: true,
      target: { path: '/a', canonical: '/a', query, encodedSlash: false, lenient: false },
    });
  });

  it.each([
    ['/a/b', false],
    ['/a.b/c', false],
    ['/a.b/c?d.e', false],
    ['/a/b.c', true],
    ['/a/b.c?d', true],
    ['/a/.b', true],
  ])('tells whether the last name of %s has a suffix that a lenient upstream may cut off: %s', (path, lenient) => {
    expect(read(path)).toMatchObject({ ok: true, target: { lenient } });
  });

  it.each([
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/caf%C3%a9/%e2%82%ac', '/caf%C3%A9/%E2%82%AC'],
    ['/%7Eme/%7ehe/~she', '/~me/~he/~she'],
    ['/a|b/[1]', '/a%7Cb/%5B1%5D'],
    ['/a%7bb%7d', '/a%7Bb%7D'],
    ['/a%20b/%3A', '/a%20b/%3A'],
  ])('passes %s as it is, and knows it as %s', (path, canonical) => {
    expect(read(`${path}?a=%c3|[`)).toMatchObject({
      ok: true,
      target: { path, canonical, query: '?a=%c3|[', encodedSlash: false, lenient: true },
    });
  });

  it.each([
    ['/a{b', 'the path has { as it stands: write %7B'],
    ['/a\\b', 'a backslash in the path is not allowed'],
    ['/a#b', 'the path has # as it stands: write %23'],
    ['/a\x7f', 'a control character in the path is not allowed'],
    ['/a?b=\x01', 'a control character in the query is not allowed'],
    ['/caf\xe9', 'the path has the byte E9: beyond ASCII, write UTF-8 and encode it'],
    ['/a?b#c', 'the query has # as it stands: write %23'],
    ['/a?b=\xe9', 'the query has the byte E9: beyond ASCII, write UTF-8 and encode it'],
    ['/a%2fb', '%2f is written %2F'],
    ['/a%3bb', '%3b is written %3B'],
    ['/%61b', '%61 needs no percent-encoding: write a'],
    ['/100%', 'a percent sign stands before no two hex digits: write %25'],
  ])('is refused, as %j, with what is wrong and what to write', (target, detail) => {
    expect(read(target)).toEqual({ ok: false, code: 'bad_path', detail });
  });

  it('tells an encoded slash, which only some APIs take', () => {
    expect(read('/a%2Fb')).toMatchObject({ ok: true, target: { path: '/a%2Fb', query: '', encodedSlash: true } });
  });

  it.each([
    ['dot segments', '/a/../b'],
    ['a final dot segment', '/a/..'],
    ['a single dot', '/a/./b'],
    ['dots before a query', '/a/..?x'],
    ['encoded dots', '/a/%2e%2e/b'],
    ['encoded dots in upper case', '/a/%2E%2E/b'],
    ['half-encoded dots', '/a/.%2E/b'],
    ['dots behind an encoded slash', '/a/..%2Fb'],
    ['dots after an encoded slash', '/a%2F../b'],
    ['dots with parameters', '/a/..;x=1/b'],
    ['dots with encoded parameters', '/a/..%3Bx/b'],
    ['dots with a space that may be trimmed', '/a/..%20/b'],
    ['dots with what a second parse takes for a query', '/a/..%3Fx'],
    ['dots with what a second parse takes for a fragment', '/a/..%23/b'],
    ['a dot with what a second parse takes for a query', '/a/.%3Fx'],
    ['dots with another blank', '/a/..%C2%A0/b'],
    ['dots behind another blank', '/a/%E3%80%80../b'],
    ['dots with a format', '/a/...json'],
    ['dots with a blank and a format', '/a/..%20.json'],
    ['dots with a format before an encoded query', '/a/...json%3Fx/b'],
    ['dots with two formats', '/a/...tar.gz'],
    ['a segment of nothing but parameters', '/a/;x/b'],
    ['empty segments', '/a//b'],
    ['two slashes at the front', '//host/a'],
    ['an empty segment by encoded slash', '/a%2F/b'],
    ['an encoded slash at the front', '/%2Fb'],
    ['a lower-case encoded slash', '/a%2fb'],
    ['an encoded backslash', '/a%5Cb'],
    ['a lower-case encoded backslash', '/a%5c..%5cb'],
    ['a raw backslash', '/a\\b'],
    ['an encoded NUL', '/a%00'],
    ['an encoded newline', '/a%0Ab'],
    ['an encoded delete', '/a%7F'],
    ['an encoded C1 control', '/a%C2%85b'],
    ['an encoded letter', '/%61'],
    ['an encoded hyphen', '/a%2Db'],
    ['an encoded dot within a name', '/a%2eb'],
    ['a colon in lower-case hex', '/a%3ab'],
    ['a semicolon in lower-case hex', '/a%3bb'],
    ['a question mark in lower-case hex', '/a%3fb'],
    ['a bracket in lower-case hex', '/a%5bb'],
    ['a control character in lower-case hex', '/a%0db'],
    ['a cut encoding', '/a%2'],
    ['a lone percent', '/100%'],
    ['hex that is none', '/a%GG'],
    ['double encoding', '/a%252e'],
    ['double encoding in upper case', '/a%252Fb'],
    ['an overlong dot', '/%C0%AE%C0%AE/'],
    ['an overlong slash', '/a%E0%80%AFb'],
    ['a lone continuation byte', '/a%80'],
    ['a cut UTF-8 character', '/a%E2%82'],
    ['a surrogate', '/a%ED%A0%80'],
    ['a point beyond Unicode', '/a%F4%90%80%80'],
    ['raw non-ASCII', '/caf\xe9'],
    ['a raw control byte', '/a\x01'],
    ['a fragment', '/a#b'],
    ['a fragment in the query', '/a?b#c'],
    ['raw non-ASCII in the query', '/a?b=\xe9'],
    ['raw braces', '/{a}'],
    ['raw angle brackets', '/<a>'],
    ['a raw caret', '/a^b'],
    ['a raw quotation mark', '/a"b'],
    ['a raw backquote', '/a`b'],
    ['dots before a raw bracket in what a format is cut off', '/...[a'],
  ])('is refused as ambiguous with %s', (_name, target) => {
    expect(read(target)).toMatchObject({ ok: false, code: 'bad_path' });
  });

  it.each(['', '*', 'http://other.test/a', 'https://gateway.test/', 'host:443', 'a/b', '?x'])(
    'is refused when it is no path: %s',
    (target) => {
      expect(read(target)).toMatchObject({ ok: false, code: 'bad_request' });
    },
  );

  it('is refused past its bound', () => {
    expect(readTarget(`/${'a'.repeat(99)}`, 100)).toMatchObject({ ok: true });
    expect(readTarget(`/${'a'.repeat(100)}`, 100)).toMatchObject({ ok: false, code: 'target_too_long' });
  });
});

/** Targets made of the pieces that path attacks are made of, with ordinary ones between. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '/',
        '.',
        '..',
        '/./',
        '/../',
        '//',
        ';',
        '%',
        '%25',
        '%2F',
        '%2f',
        '%5C',
        '\\',
        '%2e',
        '%2E',
        '%3B',
        '%20',
        '[',
        ']',
        '|',
        '%7E',
        '%7e',
        '%c3%a9',
        '%3b',
      ),
      fc.constantFrom(
        'a',
        'dear',
        '%00',
        '%C3%A9',
        '%C0%AE',
        '%C0',
        '%41',
        '%0D',
        '~',
        ':',
        '@',
        '!',
        '%3F',
        '?',
        '#',
        '%23',
      ),
      fc.string({ unit: 'binary-ascii', maxLength: 3 }),
      fc.string({ maxLength: 2 }).map((text) => encodeURIComponent(text.toWellFormed())),
    ),
    { maxLength: 12 },
  )
  .map((parts) => `/${parts.join('')}`);

/** How many segments a path has, dots resolved and slashes merged: what a look-up in an upstream's routes goes by. */
function resolved(path: string): string {
  return removeDotSegments(path.replaceAll('\\', '/').replace(/\/+/g, '/'));
}

const runs = { numRuns: 20_000 };

describe('a path that passes is read the same by every reader', () => {
  const accepted = hostile.map((target) => ({ target, result: read(target) }));

  it('comes back byte for byte', () => {
    fc.assert(
      fc.property(accepted, ({ target, result }) => {
        if (result.ok) expect(result.target.path + result.target.query).toBe(target);
      }),
      runs,
    );
  });

  it('and is known in one spelling, which is read the same, stays what it is, and needs no leniency of a decoder', () => {
    fc.assert(
      fc.property(accepted, ({ result }) => {
        if (!result.ok) return;
        const { path, canonical, encodedSlash } = result.target;
        expect(read(canonical)).toMatchObject({ ok: true, target: { path: canonical, canonical, encodedSlash } });
        expect(decodeURIComponent(canonical)).toBe(decodeURIComponent(path));
        expect(canonical).not.toMatch(/%[0-9A-F]?[a-f]|[[\]|]|%7E/);
      }),
      runs,
    );
  });

  it('by the WHATWG URL parser', () => {
    fc.assert(
      fc.property(accepted, ({ result }) => {
        if (!result.ok) return;
        const { path } = result.target;
        expect(new URL(`http://upstream.test${path}`).pathname).toBe(path);
        expect(new URL(path, 'http://upstream.test').pathname).toBe(path);
      }),
      runs,
    );
  });

  it('by RFC 3986 remove_dot_segments and by merging slashes', () => {
    fc.assert(
      fc.property(accepted, ({ result }) => {
        if (result.ok) expect(resolved(result.target.path)).toBe(result.target.path);
      }),
      runs,
    );
  });

  it('by one that decodes before it resolves dots', () => {
    fc.assert(
      fc.property(accepted, ({ result }) => {
        if (!result.ok) return;
        const once = decodeOnce(result.target.path);
        expect(resolved(once)).toBe(once);
      }),
      runs,
    );
  });

  it('by one that decodes twice', () => {
    fc.assert(
      fc.property(accepted, ({ result }) => {
        if (!result.ok) return;
        const once = decodeOnce(result.target.path);
        expect(decodeOnce(once)).toBe(once);
      }),
      runs,
    );
  });

  it('by one that cuts parameters before it resolves dots', () => {
    fc.assert(
      fc.property(accepted, ({ result }) => {
        if (!result.ok) return;
        for (const path of [result.target.path, decodeOnce(result.target.path)]) {
          const cut = path.replace(/;[^/]*/g, '');
          expect(resolved(cut)).toBe(cut);
        }
      }),
      runs,
    );
  });

  it('and no input makes the reader throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 64 }), (target) => {
        expect(typeof read(target).ok).toBe('boolean');
      }),
      runs,
    );
  });

  it('while paths with ordinary names pass', () => {
    const name = fc.string({ minLength: 1, maxLength: 8 }).map((text) => encodeURIComponent(text.toWellFormed()));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
        const plain = names.every(
          (text) =>
            !/^\.{1,2}(%20|%3B|%3F|%23|$)|^\.{3}[^.]|^%20|^%3B|%2F|%5C|%[01]|%7F|%25[0-9A-Fa-f]{2}|%C2%[89]/.test(text),
        );
        if (plain) expect(read(`/${names.join('/')}`)).toMatchObject({ ok: true });
      }),
      runs,
    );
  });
});
