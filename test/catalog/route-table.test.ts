import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RouteMatch, RouteTable } from '../../src/catalog/model.ts';
import { base, loadGood, payee, withRoutes } from './folder.ts';

function tableOf(routes: Record<string, string>, ...lines: string[]): RouteTable {
  return loadGood(withRoutes(routes, ...lines)).routes;
}

function templateOf(match: RouteMatch): string {
  return match.kind === 'route' ? `${match.route.method} ${match.route.template}` : match.kind;
}

const listed = {
  'GET /a/b': '1',
  'GET /a/:x': '2',
  'GET /a/:x/c': '3',
  'GET /a/b/d': '4',
  'GET /files/*': '5',
  'POST /a/b': '6',
  'ANY /any': '7',
  'GET /slash/': '8',
  'GET /': '9',
};

describe('listed routes', () => {
  const table = tableOf(listed);

  it.each([
    ['GET', '/weather/a/b', 'GET /weather/a/b'],
    ['GET', '/weather/a/z', 'GET /weather/a/:x'],
    ['GET', '/weather/a/b/d', 'GET /weather/a/b/d'],
    ['GET', '/weather/a/b/c', 'GET /weather/a/:x/c'],
    ['GET', '/weather/a/z/c', 'GET /weather/a/:x/c'],
    ['POST', '/weather/a/b', 'POST /weather/a/b'],
    ['HEAD', '/weather/a/b', 'GET /weather/a/b'],
    ['HEAD', '/weather/any', 'ANY /weather/any'],
    ['DELETE', '/weather/any', 'ANY /weather/any'],
    ['GET', '/weather/files/', 'GET /weather/files/*'],
    ['GET', '/weather/files/x', 'GET /weather/files/*'],
    ['GET', '/weather/files/x/y/', 'GET /weather/files/*'],
    ['GET', '/weather/slash/', 'GET /weather/slash/'],
    ['GET', '/weather/', 'GET /weather/'],
  ])('%s %s is sold as %s', (method, path, expected) => {
    expect(templateOf(table.match(method, path))).toBe(expected);
  });

  it.each([
    '/weather',
    '/weather/files',
    '/weather/slash',
    '/weather/any/',
    '/weather/a/',
    '/weather/a/b/',
    '/weather/a/b/c/',
    '/weather/A/b',
    '/weather/a/z/d',
    '/weatherx/a/b',
    '/Weather/a/b',
    '/',
    '',
    '*',
    '/__proto__',
    '/weather/__proto__',
    '/weather/constructor',
  ])('GET %j is not sold', (path) => {
    expect(table.match('GET', path)).toEqual({ kind: 'not_found' });
  });

  it('names the methods of a path that is sold with others only', () => {
    expect(table.match('PUT', '/weather/a/b')).toEqual({
      kind: 'method_not_allowed',
      allow: ['GET', 'HEAD', 'POST'],
    });
    expect(table.match('POST', '/weather/a/z')).toEqual({ kind: 'method_not_allowed', allow: ['GET', 'HEAD'] });
    expect(table.match('get', '/weather/a/b').kind).toBe('method_not_allowed');
    expect(tableOf({ 'POST /x': '1' }).match('HEAD', '/weather/x')).toEqual({
      kind: 'method_not_allowed',
      allow: ['POST'],
    });
  });

  it('hand on the rest of the path byte by byte', () => {
    const match = table.match('GET', '/weather/files/a%20b/;c');
    expect(match.kind === 'route' && match.rest).toBe('/files/a%20b/;c');
  });
});

describe('an API with a price', () => {
  const table = tableOf({ 'GET /a': '1' }, 'price: "2"');

  it('sells every path and method under its mount', () => {
    for (const path of ['/weather', '/weather/', '/weather/x/y', '/weather/a/']) {
      expect(templateOf(table.match('PATCH', path))).toBe('ANY /weather/*');
    }
    expect(templateOf(table.match('POST', '/weather/a'))).toBe('ANY /weather/*');
    expect(templateOf(table.match('GET', '/weather/a'))).toBe('GET /weather/a');
    expect(templateOf(table.match('GET', '/weatherx'))).toBe('not_found');
  });
});

describe('mounts', () => {
  const api = (name: string, mount: string, routes: string) =>
    `  - { name: ${name}, payee: ${payee}, mount: ${mount}, upstream: "http://127.0.0.1:1", ${routes} }\n`;
  const { routes } = loadGood(
    `${base}apis:\n${api('root', '/', 'price: "1"')}${api('one', '/a', 'price: "2"')}${api('two', '/a/b', 'routes: [{ match: GET /x, price: "3" }]')}`,
  );

  it('give a path to the deepest one, which does not hand it back', () => {
    expect(templateOf(routes.match('GET', '/a/x'))).toBe('ANY /a/*');
    expect(templateOf(routes.match('GET', '/a/b/x'))).toBe('GET /a/b/x');
    expect(templateOf(routes.match('GET', '/a/b/y'))).toBe('not_found');
    expect(templateOf(routes.match('GET', '/ab'))).toBe('ANY /*');
    expect(templateOf(routes.match('GET', '/'))).toBe('ANY /*');
  });

  it('name the API of a path whatever the method', () => {
    expect(routes.apiAt('/a/b/y')?.name).toBe('two');
    expect(routes.apiAt('/a')?.name).toBe('one');
    expect(routes.apiAt('/z')?.name).toBe('root');
    expect(tableOf(listed).apiAt('/z')).toBeUndefined();
  });

  it('tell every method that a path is sold with', () => {
    const table = tableOf(listed);
    expect(table.methodsAt('/weather/a/b')).toEqual(['GET', 'HEAD', 'POST']);
    expect(table.methodsAt('/weather/any')).toEqual(['ANY']);
    expect(table.methodsAt('/weather/gone')).toEqual([]);
    expect(table.methodsAt('/elsewhere')).toEqual([]);
    expect(routes.methodsAt('/a/z')).toEqual(['ANY']);
  });

  it('forward the whole path behind a root mount', () => {
    const match = routes.match('GET', '/x/y');
    expect(match.kind === 'route' && match.rest).toBe('/x/y');
  });
});

it('decides as a plain reading of the rules does, for any path', () => {
  const table = tableOf(listed);
  const segment = fc.constantFrom('a', 'b', 'c', 'd', 'files', 'any', 'slash', '', 'z');
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
      const path = ['', 'weather', ...segments].join('/');
      expect(templateOf(table.match('GET', path))).toBe(plainReading(path) ?? 'not_found');
    }),
    { numRuns: 2_000 },
  );
});

/** The most specific GET or ANY route that fits, compared from the left: literal before :param before *. */
function plainReading(path: string): string | undefined {
  const parts = path.split('/').slice(2);
  const rank = (route: string) =>
    route
      .split('/')
      .slice(1)
      .map((part) => (part === '*' ? '2' : part.startsWith(':') ? '1' : '0'))
      .join('');
  const fitting = Object.keys(listed).filter((route) => {
    if (route.startsWith('POST')) return false;
    const wanted = route.split('/').slice(1);
    const rest = wanted.at(-1) === '*';
    if (rest ? parts.length < wanted.length : parts.length !== wanted.length || path === '/weather') return false;
    return wanted.every((part, at) => part === '*' || part === parts[at] || (part.startsWith(':') && parts[at] !== ''));
  });
  const best = fitting.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
  return best?.replace(' /', ' /weather/');
}
