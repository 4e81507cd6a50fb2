import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apiAt, planImport } from '../../src/catalog/import-plan.ts';
import { type ImportTarget, insertRoutes } from '../../src/catalog/insert-routes.ts';
import { loadConfigText } from '../../src/catalog/load.ts';
import type { Config } from '../../src/catalog/model.ts';
import { readOpenApi } from '../../src/catalog/openapi.ts';
import { formatUsdc } from '../../src/money.ts';
import { base, catalogFolder, payee } from './folder.ts';

/** Catalogs as people write them: comments, odd indentation, flow lists, things behind the APIs. */
const weather = `name: weather
    payee: ${payee}   # who is paid
    mount: /weather
    upstream: "http://127.0.0.1:9000/v1"`;
const catalogs: Record<string, string> = {
  'a price only': `${base}# what is sold\napis:\n  - ${weather}\n    price: "0.0005" # for all\n`,
  'listed routes with comments': `${base}apis:
  - ${weather}
    # the routes
    routes:
        # first
        - match: GET /forecast/:city   # the forecast
          price: '0.002'

        - { match: "ANY /batch", price: "0.05" } # dear
        # - { match: GET /old, price: "1" }

  # another one
  -   name: maps
      payee: ${payee}
      mount: /maps
      upstream: http://127.0.0.1:9001
      price: "1"
# the end
log: { level: info }
`,
  'an empty list': `${base}apis:\n- name: weather\n  payee: ${payee}\n  mount: /weather\n  upstream: http://127.0.0.1:9000\n  price: "1"\n  routes: []   # none yet\n`,
  'a flow list': `${base}apis:\n  - ${weather}\n    routes: [ { match: GET /a, price: "1" }, # one\n      {match: GET /b, price: "2"} ] # two\nlog: {}\n`,
  'a block text at the end': `${base}apis:\n  - ${weather}\n    price: "1"\n    description: |\n      Two\n      lines\n\n# more\n`,
  'windows lines': `${base}apis:\n  - ${weather}\n    price: "1"\n`.replaceAll('\n', '\r\n'),
};

const word = fc.oneof(
  fc.constantFrom('pets', 'forecast', 'a', 'b', 'batch', 'x y', 'ü', 'metrics', '_callora', '..', '%2F', 'a%2Fb', ''),
  fc.string({ maxLength: 6 }),
);
const parameter = fc.oneof(fc.constantFrom('{id}', '{city}', '{user-id}', '{a}.json', '*', ':x'));
const path = fc
  .array(fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: parameter }), { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join('/')}`);
const summary = fc.oneof(
  fc.constantFrom(
    '$'.concat('{SECRET}'),
    '$$'.concat('{SECRET}'),
    'a: b # c',
    '"quoted" \\ back',
    "it's",
    '- x',
    '\u0085\u2028\u007f',
    '😀',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const operation = fc.oneof({ weight: 5, arbitrary: fc.record({ summary }) }, { weight: 1, arbitrary: fc.anything() });
const item = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.dictionary(fc.constantFrom('get', 'post', 'put', 'head', 'trace', 'options', '$ref'), operation, {
      maxKeys: 4,
    }),
  },
  { weight: 1, arbitrary: fc.anything() },
);
const document = fc.dictionary(path, item, { maxKeys: 12 }).map((paths) => ({ openapi: '3.0.0', paths }));

const env = { SECRET: 'never-to-be-seen' };

function importInto(file: string, before: string, mount: string, text: string) {
  const loaded = loadConfigText({ file, text: before, env });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const read = readOpenApi(text);
  if (!read.ok) throw new Error(read.message);
  const found = apiAt(loaded.config, mount);
  const plan = planImport(found?.api, mount, read.routes, read.unusable);
  const fresh = { kind: 'new', name: 'fresh', payee, mount, upstream: 'http://127.0.0.1:9002/v2' } as const;
  const target: ImportTarget = found ? { kind: 'there', index: found.index } : fresh;
  const inserted = insertRoutes(before, target, plan.added, '0.001');
  if (!inserted.ok) throw new Error(inserted.message);
  return { config: loaded.config, plan, after: plan.added.length === 0 ? before : inserted.text };
}

const routesOf = (config: Config) =>
  config.apis.flatMap((api) =>
    api.routes.map(
      (route) => `${api.name} ${route.method} ${route.template} ${formatUsdc(route.priceUnits)} ${route.description}`,
    ),
  );

describe('an import', () => {
  it.each(Object.keys(catalogs))(
    'into a catalog with %s always loads, adds its routes and changes nothing else',
    (name) => {
      const before = catalogs[name] ?? '';
      const { file } = catalogFolder(before);
      fc.assert(
        fc.property(document, fc.constantFrom('/weather', '/fresh', '/'), (openapi, mount) => {
          const { config, plan, after } = importInto(file, before, mount, JSON.stringify(openapi));
          const next = loadConfigText({ file, text: after, env });
          if (!next.ok) throw new Error(`${JSON.stringify(next.problems)}\n${after}`);
          const had = routesOf(config);
          const has = routesOf(next.config);
          expect(has.filter((route) => had.includes(route)).sort()).toEqual([...had].sort());
          expect(has).toHaveLength(had.length + plan.added.length);
          for (const route of has.filter((each) => !had.includes(each))) expect(route).toContain(' 0.001 ');
          expect(JSON.stringify(has)).not.toContain(env.SECRET);
          // What was there is there byte for byte: the new text is one piece put in.
          let head = 0;
          while (head < before.length && before[head] === after[head]) head++;
          const rest = before.slice(head);
          if (!/routes: \[\]/.test(before)) expect(after.endsWith(rest)).toBe(true);
          // A second import of the same document has nothing to add.
          expect(importInto(file, after, mount, JSON.stringify(openapi)).plan.added).toEqual([]);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('reads any document without a crash', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.anything().map((value) => JSON.stringify({ openapi: '3.1.0', paths: value }) ?? ''),
        ),
        (text) => {
          expect(typeof readOpenApi(text).ok).toBe('boolean');
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a plan', () => {
  const before = catalogs['listed routes with comments'] ?? '';
  const paths = { '/forecast/{town}': { get: {} }, '/batch': { post: {} }, '/new': { get: {} } };

  it('keeps prices that are there, whatever parameters are called, and does not undercut ANY', () => {
    const { file } = catalogFolder(before);
    const { plan, after } = importInto(file, before, '/weather', JSON.stringify({ openapi: '3.0.0', paths }));
    expect(plan.kept).toEqual([
      { route: 'ANY /batch', price: '0.05' },
      { route: 'GET /forecast/:city', price: '0.002' },
    ]);
    expect(after).toBe(before.replace('# dear\n', '# dear\n        - { match: "GET /new", price: "0.001" }\n'));
  });

  it('reports routes that the document does not have, and leaves them', () => {
    const { file } = catalogFolder(before);
    const { plan } = importInto(file, before, '/weather', '{"openapi":"3.0.0","paths":{}}');
    expect(plan.gone).toEqual([
      { route: 'GET /forecast/:city', price: '0.002' },
      { route: 'ANY /batch', price: '0.05' },
    ]);
  });

  it('refuses two operations that are one route, reserved paths and encoded slashes', () => {
    const odd = { '/a/{x}': { get: {} }, '/a/{y}': { get: {} }, '/metrics': { get: {} }, '/a%2Fb': { get: {} } };
    const { file } = catalogFolder(before);
    const { plan } = importInto(file, before, '/', JSON.stringify({ openapi: '3.0.0', paths: odd }));
    expect(plan.unusable.map(({ operation }) => operation)).toEqual(['GET /a%2Fb', 'GET /a/{y}', 'GET /metrics']);
  });
});
