import { describe, expect, it } from 'vitest';
import { openApiLimits, readOpenApi } from '../../src/catalog/openapi.ts';

function read(paths: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const result = readOpenApi(JSON.stringify({ openapi: '3.1.0', paths, ...more }));
  if (!result.ok) throw new Error(result.message);
  return { ...result, names: result.routes.map(({ pattern }) => `${pattern.method} ${pattern.path}`) };
}

const op = { responses: {} };

describe('an OpenAPI document', () => {
  it('is read from JSON and from YAML, parameters become segments, and routes come sorted', () => {
    const yaml = `
openapi: 3.0.3
paths:
  /pets/{petId}:
    get: { summary: "One   pet\\nwith more" }
    delete: {}
  /pets:
    summary: All of them
    post: {}
    get: { description: "First line.\\nSecond line." }
    head: {}
`;
    const result = readOpenApi(yaml);
    expect(result).toMatchObject({ ok: true, unusable: [] });
    const routes = result.ok ? result.routes : [];
    expect(routes.map(({ pattern, description }) => [pattern.method, pattern.path, description])).toEqual([
      ['GET', '/pets', 'All of them'],
      ['POST', '/pets', 'All of them'],
      ['DELETE', '/pets/:petId', undefined],
      ['GET', '/pets/:petId', 'One pet'],
    ]);
  });

  it('names parameters and spells literals as routes do', () => {
    const paths = { '/a/{user-id}/{2nd}': { get: op }, '/süß und/x+y': { get: op }, '/': { get: op } };
    expect(read(paths).names).toEqual(['GET /', 'GET /a/:user_id/:_2nd', 'GET /s%C3%BC%C3%9F%20und/x+y']);
  });

  it.each([
    ['/files/{name}.json', 'part of a segment'],
    ['/v1/{name}:cancel', 'part of a segment'],
    ['/:odd', 'read as a pattern'],
    ['/all/*', 'read as a pattern'],
    ['relative', 'start with a slash'],
    ['/a//b', 'empty segment'],
    ['/a/../b', 'dot segment'],
    ['/%zz', 'percent-encoded'],
    ['/search?mode=deep', 'has a query'],
    ['/rpc#method', 'fragment'],
  ])('reports %s by name: no route can express it', (path, reason) => {
    const { names, unusable } = read({ [path]: { get: op }, '/fine': { get: op } });
    expect(names).toEqual(['GET /fine']);
    expect(unusable).toEqual([{ operation: `GET ${path}`, reason: expect.stringContaining(reason) }]);
  });

  it('leaves out HEAD beside GET, and reports what is no method that is sold', () => {
    const { names, unusable } = read({ '/a': { get: op, head: op }, '/b': { head: op, trace: op } });
    expect(names).toEqual(['GET /a']);
    expect(unusable.map(({ operation }) => operation)).toEqual(['HEAD /b', 'TRACE /b']);
  });

  it('follows references inside the document, and gives up on circles and on other documents', () => {
    const components = { pathItems: { 'a/b': { get: op }, loop: { $ref: '#/components/pathItems/loop' } } };
    const paths = {
      '/a': { $ref: '#/components/pathItems/a~1b' },
      '/b': { $ref: '#/components/pathItems/loop' },
      '/c': { $ref: 'https://other.example/paths.yaml' },
      '/d': { $ref: '#/components/pathItems/__proto__' },
    };
    const { names, unusable } = read(paths, { components });
    expect(names).toEqual(['GET /a']);
    expect(unusable.map(({ reason }) => reason)).toEqual([
      'refers on and on, more than 8 times',
      'refers to another document',
      'is not a mapping',
    ]);
  });

  it('names its first server only where that could be an upstream', () => {
    const serverOf = (url: unknown) => read({}, { servers: [{ url }] }).server;
    expect(serverOf('https://api.example.com/v1')).toBe('https://api.example.com/v1');
    for (const url of ['/v1', 'https://{host}/v1', `https://x/\${SECRET}`, 'ftp://x', 'https://x/?a=1', 5, undefined]) {
      expect(serverOf(url)).toBeUndefined();
    }
  });

  it.each([
    ['', 'no OpenAPI document'],
    ['[]', 'no OpenAPI document'],
    ['{"swagger":"2.0"}', 'Swagger 2'],
    ['{"openapi":"4.0.0"}', '4.0.0'],
    ['{"openapi":"3.1.0"}', 'no paths'],
    ['a: [', 'neither JSON nor readable YAML'],
    [`openapi: 3.1.0\npaths: ${'['.repeat(50_000)}`, 'inside each other'],
    ['a'.repeat(openApiLimits.fileBytesMax + 1), 'larger than'],
  ])('that cannot be read is refused with a reason: %#', (text, reason) => {
    expect(readOpenApi(text)).toEqual({ ok: false, message: expect.stringContaining(reason) });
  });

  it('that a parser would repeat whole is refused in one short line', () => {
    const result = readOpenApi('!'.repeat(100_000));
    expect(result.ok ? '' : result.message).toMatch(/^is neither JSON nor readable YAML: .{1,200}$/);
  });

  it('with aliases that multiply is refused', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 12; level++) {
      const before = `*a${level - 1}`;
      lines.push(`a${level}: &a${level} [${Array(10).fill(before).join(', ')}]`);
    }
    expect(readOpenApi(`openapi: 3.1.0\n${lines.join('\n')}\npaths: {}`)).toMatchObject({ ok: false });
  });

  it('with too many operations is refused', () => {
    const paths = Object.fromEntries(Array.from({ length: 5_001 }, (_, index) => [`/p${index}`, { get: op }]));
    const result = readOpenApi(JSON.stringify({ openapi: '3.1.0', paths }));
    expect(result).toEqual({ ok: false, message: 'has more than 5000 operations' });
  });
});
