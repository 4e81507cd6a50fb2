import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mountFault, parsePattern } from '../../src/catalog/route-grammar.ts';
import { readTarget } from '../../src/gateway/path.ts';

function faultOf(match: string): string | undefined {
  const pattern = parsePattern(match);
  return typeof pattern === 'string' ? pattern : undefined;
}

describe('a route', () => {
  it('is a method and a path of literals, parameters and a rest', () => {
    expect(parsePattern('GET /a/:b/*')).toEqual({
      method: 'GET',
      path: '/a/:b/*',
      segments: [{ kind: 'literal', text: 'a' }, { kind: 'param', name: 'b' }, { kind: 'rest' }],
    });
    expect(faultOf('ANY /')).toBeUndefined();
    expect(faultOf('PROPFIND /a/')).toBeUndefined();
    expect(faultOf('GET /m%C3%BCnchen/a;v=1/x%20y')).toBeUndefined();
  });

  it.each([
    ['GET', 'a method, one space and a path'],
    ['/a', 'a method, one space and a path'],
    ['GET  /a', 'a method, one space and a path'],
    ['GET a', 'a method, one space and a path'],
    ['get /a', 'no method that is sold'],
    ['CONNECT /a', 'no method that is sold'],
    ['TRACE /a', 'no method that is sold'],
    ['HEAD /a', 'follows GET'],
    ['GET /a//b', 'an empty segment'],
    ['GET //', 'an empty segment'],
    ['GET /../a', 'a dot segment'],
    ['GET /a/.', 'a dot segment'],
    ['GET /..;x', 'a dot segment'],
    ['GET /*/a', 'not the last segment'],
    ['GET /a*', 'a * inside a segment'],
    ['GET /:', 'a parameter without a name'],
    ['GET /:1a', 'a parameter without a name'],
    ['GET /a?b=1', 'percent-encoded'],
    ['GET /a#b', 'percent-encoded'],
    ['GET /a b', 'other than visible ASCII; write a%20b'],
    ['GET /münchen', 'write m%C3%BCnchen'],
    ['GET /a%2', 'percent-encoded'],
    ['GET /%c3%bc', 'upper case'],
    ['GET /%41', 'needs no percent-encoding'],
    ['GET /%2E%2E', 'needs no percent-encoding'],
    ['GET /%FF', 'not UTF-8'],
    ['GET /%C0%AE', 'not UTF-8'],
    ['GET /a%00', 'a control character'],
    ['GET /a%5Cb', 'a backslash'],
    ['GET /%252E', 'double'],
    ['GET /;a', 'nothing but parameters'],
    ['GET /%2Fa', 'an encoded slash at an end'],
    ['GET /a%2F..', 'a dot segment'],
    ['GET /...json', 'a dot segment'],
    ['GET /..%3Fx', 'a dot segment'],
    ['GET /..%C2%A0', 'a dot segment'],
  ])('cannot be %j', (match, fault) => {
    expect(faultOf(match)).toContain(fault);
  });

  it('holds only literals that the gateway lets through, so that its price can apply', () => {
    const part = fc.constantFrom(
      ...'aZ9-._~!$&()+,;=:@%*/',
      '%2F',
      '%20',
      '%3B',
      '%25',
      '%C3%BC',
      '%5C',
      '%41',
      '..',
      '...',
      '%3F',
      '%23',
      '%C2%A0',
    );
    const path = fc.array(part, { maxLength: 8 }).map((parts) => `/${parts.join('')}`);
    fc.assert(
      fc.property(path, (text) => {
        const pattern = parsePattern(`GET ${text}`);
        const literal = typeof pattern !== 'string' && pattern.segments.every((segment) => segment.kind === 'literal');
        if (literal) expect(readTarget(text, 8_192)).toMatchObject({ ok: true, target: { path: text } });
      }),
      { numRuns: 5_000 },
    );
  });

  it('is never a crash', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parsePattern(`GET /${text}`);
        parsePattern(text);
        mountFault(text);
      }),
    );
  });
});

describe('a mount', () => {
  it.each(['/', '/a', '/a/b', '/v1.2/m%C3%BCnchen', '/_callora2', '/healthz2'])('can be %s', (mount) => {
    expect(mountFault(mount)).toBeUndefined();
  });

  it.each(['', 'a', '/a/', '//', '/a//b', '/:a', '/*', '/a/*', '/..', '/a b', '/_callora', '/metrics'])(
    'cannot be %j',
    (mount) => {
      expect(mountFault(mount)).toBeTypeOf('string');
    },
  );
});
