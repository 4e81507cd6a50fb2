import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem, loadConfig } from '../../src/catalog/load.ts';
import {
  base,
  catalogFolder,
  load,
  loadGood,
  payee,
  problemsOf,
  seed,
  vault,
  withApi,
  withRoutes,
  writeSecret,
} from './folder.ts';

/** The one problem of a catalog, as a person reads it but without the file's folder. */
function problem(yaml: string, env: Record<string, string> = {}): string {
  const problems = problemsOf(yaml, env);
  expect(problems, JSON.stringify(problems)).toHaveLength(1);
  return problems.map((found) => formatProblem({ ...found, file: 'callora.yaml' })).join();
}

describe('a good catalog', () => {
  it('gives typed values with defaults, absolute paths and secrets read', () => {
    const { folder, file } = catalogFolder(
      withApi('price: "0.0005"', `headers: { X-Api-Key: "\${KEY}", accept: json }`, 'rate: { per_second: 2.5 }'),
    );
    const loaded = loadConfig({ file, env: { KEY: 'k1' } });
    if (!loaded.ok) throw new Error('not loaded');
    const { config } = loaded;
    expect(config).toMatchObject({
      file,
      gateway: { listen: { host: '127.0.0.1', port: 8402 }, publicUrl: 'http://127.0.0.1:8402', corsOrigins: '*' },
      admin: { listen: { host: '127.0.0.1', port: 8403 }, token: 'a-token-that-nobody-guesses' },
      stellar: { network: 'testnet', passphrase: 'Test SDF Network ; September 2015', operatorSecret: seed, vault },
      storage: { path: path.join(folder, 'data/callora.db'), durability: 'process' },
      tokens: { keysFile: path.join(folder, 'secrets/tokens.jwks'), ttlMs: 86_400_000 },
      settlement: { minTotalUnits: 1_000_000n, payoutMinUnits: 50_000_000n },
    });
    expect(config.apis).toHaveLength(1);
    expect(config.apis[0]).toMatchObject({
      name: 'weather',
      payee,
      mount: '/weather',
      upstream: { origins: ['http://127.0.0.1:9000'], basePath: '' },
      headers: [
        ['x-api-key', 'k1'],
        ['accept', 'json'],
      ],
      rates: { account: { perSecond: 2.5, burst: 3 }, token: undefined, address: undefined },
    });
    expect(loaded.warnings).toEqual([]);
  });

  it('lets a route override what its API says, and inherit the rest', () => {
    const config = loadGood(
      `${withApi('price: "0.1"', 'timeout: 5s', 'charge_on: [404]', 'description: all', 'body_bytes_max: 1KiB')}
    routes:
      - { match: GET /a }
      - { match: GET /b, price: "0.2", timeout: 7s, charge_on: [2xx, 302], body_bytes_max: 2KiB, cacheable: true, pass_payment_required: true }`,
    );
    const [a, b, rest] = config.apis[0]?.routes ?? [];
    expect(a).toMatchObject({
      priceUnits: 1_000_000n,
      timeoutMs: 5_000,
      bodyBytesMax: 1_024,
      cacheable: false,
      passesPaymentRequired: false,
    });
    expect(b).toMatchObject({
      priceUnits: 2_000_000n,
      timeoutMs: 7_000,
      bodyBytesMax: 2_048,
      cacheable: true,
      passesPaymentRequired: true,
    });
    expect(rest).toMatchObject({ template: '/weather/*', method: 'ANY', priceUnits: 1_000_000n, description: 'all' });
    expect([200, 302, 404].map((status) => a?.charges(status))).toEqual([false, false, true]);
    expect([200, 299, 301, 302, 404].map((status) => b?.charges(status))).toEqual([true, true, false, true, false]);
    expect([100, 500, 599, 600, 9_999, -1].map((status) => b?.charges(status))).not.toContain(true);
  });

  it('knows the public networks and takes a passphrase for any other', () => {
    const network = (name: string) => loadGood(withApi('price: "1"').replace('testnet', name)).stellar;
    expect(network('public')).toMatchObject({ passphrase: 'Public Global Stellar Network ; September 2015' });
    expect(network('"Test SDF Network ; September 2015"')).toMatchObject({ network: 'testnet' });
    expect(network('"Standalone Network ; February 2017"')).toMatchObject({
      network: 'custom',
      passphrase: 'Standalone Network ; February 2017',
    });
  });

  it.each([
    ['127.0.0.1:8402', { host: '127.0.0.1', port: 8402 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['"[::1]:8402"', { host: '::1', port: 8402 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
  ])('listens on %s', (text, listen) => {
    const config = loadGood(`gateway: { listen: ${text}, public_url: https://a.example }\n${withApi('price: "1"')}`);
    expect(config.gateway.listen).toEqual(listen);
  });
});

describe('a bad catalog', () => {
  it('names every problem at once, each with its line', () => {
    const problems = problemsOf(`gateway: { listen: 8402 }
admin: { token_file: ./secrets/none }
stellar:
  network: tesnet
  rpc_url: \${RPC_URL}
  vault: ${vault.slice(0, -1)}B
  operator_secret_file: ./secrets/operator.seed
settlement: { interval: 60 }
apis:
  - name: Weather
    mount: /weather/
    upstream: http://127.0.0.1:9000?x=1
    price: 0.0005
    routes:
      - { match: "GET x" }
      - { match: "GET /live", sockets: { price: "0.001" } }
`);
    expect(problems.map(({ line, field }) => `${line} ${field}`)).toEqual([
      '1 gateway.listen',
      '2 admin.token_file',
      '4 stellar.network',
      '5 stellar.rpc_url',
      '6 stellar.vault',
      '8 settlement.interval',
      '10 apis[0].payee',
      '10 apis[0].name',
      '11 apis[0].mount',
      '12 apis[0].upstream',
      '13 apis[0].price',
      '15 apis[0].routes[0].match',
      '16 apis[0].routes[1].sockets',
    ]);
  });

  it('says how a price is written when it is a YAML number', () => {
    expect(problem(withApi('price: 0.0005'))).toMatch(/^callora\.yaml:\d+:12: .*put it in quotes.*expected "0\.0005"/);
    expect(problem(withApi('price: 1e-7'))).toContain('YAML number');
  });

  it('takes rates for all APIs and for one, in either spelling but not in both', () => {
    const rates = 'rates: { token: { per_second: 0.5 }, address: { per_second: 5, burst: 50 } }';
    const config = loadGood(`gateway: { ${rates} }\n${withApi('price: "1"', rates, 'rate: { per_second: 9 }')}`);
    const shared = { token: { perSecond: 0.5, burst: 1 }, address: { perSecond: 5, burst: 50 } };
    expect(config.gateway.rates).toEqual({ account: undefined, ...shared });
    expect(config.apis[0]?.rates).toEqual({ account: { perSecond: 9, burst: 9 }, ...shared });
    const twice = withApi('price: "1"', 'rate: { per_second: 9 }', 'rates: { account: { per_second: 9 } }');
    expect(problem(twice)).toContain('says the same as rates.account');
  });

  it('trusts nobody to be everyone', () => {
    const config = loadGood(`gateway: { trusted_proxies: [10.0.0.0/8, 2001:db8::1] }\n${withApi('price: "1"')}`);
    expect(config.gateway).toMatchObject({
      trustedProxies: ['10.0.0.0/8', '2001:db8::1'],
      forwardedField: 'x-forwarded-for',
    });
    for (const range of ['0.0.0.0/0', '::/0']) {
      const found = problem(`gateway: { trusted_proxies: ["${range}"] }\n${withApi('price: "1"')}`);
      expect(found).toContain('gateway.trusted_proxies[0]');
    }
  });

  it.each(['"0,1"', '"-1"', '"1e3"', '"0.00000001"', '""', 'true', '[1]', '{ a: 1 }', '', '"900719925474.1"'])(
    'refuses %s as a price',
    (price) => {
      expect(problem(withApi(`price: ${price}`))).toContain('apis[0].price');
    },
  );

  it('suggests the key that was meant', () => {
    expect(problem(`gatway: {}\n${withApi('price: "1"')}`)).toContain('did you mean gateway?');
    expect(problem(withApi('price: "1"', 'moutn: /x'))).toContain('did you mean mount?');
    expect(problem(withApi('price: "1"', 'rate: { per_second: 1, brust: 2 }'))).toContain('apis[0].rate.brust');
  });

  it.each([
    ['timeout: 60', 'has no unit'],
    ['timeout: 1ms', 'out of range'],
    ['timeout: 30d', 'out of range'],
    ['connections_max: 0', 'out of range'],
    ['connections_max: 1.5', 'not a whole number'],
    ['connections_max: many', 'not a whole number'],
    ['body_bytes_max: 10MB', 'not a size'],
    ['encoded_slash: maybe', 'neither true nor false'],
    ['rate: { per_second: 0 }', 'not a rate'],
    ['rate: { burst: 1 }', 'missing'],
    ['charge_on: 2xx', 'not a list'],
    ['charge_on: [5xx]', 'never charged'],
    ['charge_on: [503]', 'never charged'],
    ['charge_on: [100]', 'not a final status'],
    ['routes: {}', 'not a list'],
    ['routes: [7]', 'not a mapping'],
  ])('refuses %s', (line, message) => {
    expect(problem(withApi('price: "1"', line))).toContain(message);
  });

  it.each([
    ['ftp://a', 'not an http'],
    ['a.example', 'not an http'],
    ['"http:a"', 'not an http'],
    ['http://user:pw@a', 'carries a user'],
    ['http://a/?q=1', 'has a query'],
    ['"http://a/#f"', 'has a fragment'],
    ['http://a:0', 'port 0'],
  ])('refuses the upstream %s', (upstream, message) => {
    expect(problem(withApi('price: "1"').replace('http://127.0.0.1:9000', upstream))).toContain(message);
  });

  it.each([
    ['MA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4IAAAAAAAAAABUV6', 'no Stellar address'],
    [`${payee.slice(0, -1)}A`, 'no Stellar address'],
    [vault, 'is the vault itself'],
  ])('refuses the payee %s', (address, message) => {
    expect(problem(withApi('price: "1"').replace(payee, address))).toContain(message);
  });

  it.each(['8402', ':8402', '127.0.0.1', '127.0.0.1:65536', '127.0.0.1:08402', '"::1:8402"', 'http://a:1'])(
    'refuses to listen on %s',
    (text) => {
      expect(problem(`gateway: { listen: ${text} }\n${withApi('price: "1"')}`)).toContain('gateway.listen');
    },
  );

  it('names both lines of two listeners, mounts, names or routes that collide', () => {
    const two = `${withApi('price: "1"')}
  - name: weather
    payee: ${payee}
    mount: /weather
    upstream: http://127.0.0.1:9001
    price: "1"`;
    expect(problemsOf(two).map(({ field, message }) => `${field} ${message}`)).toEqual([
      expect.stringMatching(/^apis\[1\]\.name collides: line 9 and line 15 are both weather/),
      expect.stringMatching(/^apis\[1\]\.mount collides: line 11 and line 17 are both \/weather/),
    ]);
    expect(problem(withRoutes({ 'GET /a/:b': '1', 'GET /a/:c': '2' }))).toMatch(/line 14 and line 15.*GET \/a\/:/);
    expect(problem(`gateway: { listen: 0.0.0.0:8403 }\n${withApi('price: "1"')}`)).toContain(
      'gateway.listen on line 1',
    );
  });

  it.each(['/_callora', '/_callora/x', '/.well-known', '/healthz', '/readyz', '/metrics/a'])(
    'refuses the reserved mount %s',
    (mount) => {
      expect(problem(withApi('price: "1"').replace('/weather', mount))).toContain('the gateway answers itself');
    },
  );

  it('refuses a route of a root mount under a reserved name', () => {
    expect(problem(withRoutes({ 'GET /_callora/x': '1' }).replace('/weather', '/'))).toContain('is under /_callora');
    expect(loadGood(withRoutes({ 'GET /_callorax': '1' }).replace('/weather', '/')).apis[0]?.mount).toBe('');
  });

  it('refuses a route with %2F unless its API allows encoded slashes', () => {
    expect(problem(withRoutes({ 'GET /a%2Fb': '1' }))).toContain('%2F, which this API does not allow');
    expect(loadGood(withRoutes({ 'GET /a%2Fb': '1' }, 'encoded_slash: true')).apis[0]?.encodedSlash).toBe(true);
  });

  it('refuses a default life above the longest one, a missing key file, and a host too long for a login', () => {
    const yaml = withApi('price: "1"');
    expect(problem(`tokens: { ttl: 2h, ttl_max: 1h }\n${yaml}`)).toContain('longer than tokens.ttl_max');
    expect(problem(`tokens: { keys_file: ./secrets/none.jwks }\n${yaml}`)).toContain('which does not exist');
    const host = (chars: number) => `gateway: { public_url: "https://${'a'.repeat(chars - 8)}.example" }\n${yaml}`;
    expect(loadGood(host(59)).gateway.publicUrl).toContain('.example');
    expect(problem(host(60))).toContain('too long for wallet login');
  });

  it('says which file a half of gateway.tls lacks', () => {
    const half = `gateway: { tls: { cert_file: ./a.pem } }\n${withApi('price: "1"')}`;
    expect(problem(half)).toMatch(/gateway\.tls\.key_file is missing .*private key/);
  });

  it('refuses an API that sells nothing, a route without a price, and a free route that has one', () => {
    expect(problem(withApi())).toContain('sells nothing');
    expect(problem(`${withApi()}    routes: [{ match: GET /a }]`)).toContain('routes[0].price is missing');
    expect(problem(`${withApi()}    routes: [{ match: GET /a, price: "1", auth: none }]`)).toContain('auth is none');
    expect(problem(`${withApi('price: "1"')}    routes: [{ match: GET /a, auth: none }]`)).toContain('auth is none');
  });

  it.each([
    ['"/weather"', 'is not a YAML mapping'],
    ['', 'is not a YAML mapping'],
    ['[1]', 'is not a YAML mapping'],
    ['apis: {}', 'apis is not a list'],
    ['apis: []', 'apis is not a list'],
    ['a: 1\na: 2', 'not readable YAML'],
    ['a: [', 'not readable YAML'],
    ['a: 1\n---\nb: 2', 'not readable YAML'],
    ['a: !!js/function "x"', 'not readable YAML'],
    ['<<: { a: 1 }', '<<'],
    ['__proto__: { a: 1 }', '__proto__'],
    [
      'a: &a [1]\nb: &b [*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d]',
      'usable YAML',
    ],
  ])('refuses %j without failing', (yaml, message) => {
    expect(problemsOf(yaml).map(formatProblem).join('\n')).toContain(message);
  });

  it('names the place that cannot be read and not what follows from it, and every key that stands twice', () => {
    const broken = problemsOf('a: { k: v{w} }\nb: 1\nc: [{ d: 1 }]\ne: { f: 2 }');
    expect(broken).toMatchObject([{ line: 1, message: expect.stringContaining('is not readable YAML') }]);
    expect(problemsOf('a: 1\na: 2\nb: 1\nb: 2').map(({ line }) => line)).toEqual([2, 4]);
  });

  it.each([
    'apis: &a [*a]',
    'a: &a { b: *a }',
    `a: ${'['.repeat(100)}${']'.repeat(100)}`,
    `a: ${'['.repeat(50_000)}`,
    `a: ${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    `${'- '.repeat(50_000)}`,
  ])('is refused when it has no end or no bottom: %#', (yaml) => {
    expect(problemsOf(yaml).length).toBeGreaterThan(0);
  });

  it('is refused, not tripped over, when values are mappings that look like objects', () => {
    const odd = '{ toString: 1, valueOf: 1, toJSON: 1, length: 1e9, then: 1, constructor: 1 }';
    for (const key of [
      'timeout',
      'body_bytes_max',
      'connections_max',
      'price',
      'mount',
      'name',
      'upstream',
      'encoded_slash',
      'rate',
      'routes',
      'payee',
    ]) {
      const lines = ['name', 'mount', 'upstream', 'payee'].includes(key) ? [] : [`${key}: ${odd}`];
      const yaml = withApi('charge_on: [2xx]', ...lines).replace(new RegExp(`${key}: .*`), `${key}: ${odd}`);
      expect(
        problemsOf(yaml).some(({ field }) => field.includes(key)),
        key,
      ).toBe(true);
    }
    expect(problemsOf(withApi('price: "1"', `charge_on: [${odd}]`))).toHaveLength(1);
    expect(problemsOf(withApi('price: "1"').replace('testnet', odd))).toHaveLength(1);
    expect(problemsOf(`gateway: { cors_origins: [${odd}], listen: ${odd} }\n${withApi('price: "1"')}`)).toHaveLength(2);
  });

  it('is refused when it is missing, a folder, too large or not UTF-8', () => {
    const { folder, file } = catalogFolder(Buffer.from([0x61, 0xff]).toString('latin1'));
    const messageOf = (name: string) => {
      const result = loadConfig({ file: name, env: {} });
      return result.ok ? '' : (result.problems[0]?.message ?? '');
    };
    writeFileSync(file, Buffer.from([0x61, 0xff]));
    expect(messageOf(file)).toContain('not UTF-8');
    expect(messageOf(folder)).toContain('EISDIR');
    expect(messageOf(`${file}.none`)).toContain('does not exist');
    writeFileSync(file, `# ${'x'.repeat(5 * 1024 * 1024)}`);
    expect(messageOf(file)).toContain('too large');
  });

  it('never throws, whatever YAML it is', () => {
    const { file } = catalogFolder('');
    const yamlText = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((json) => `${base}apis: [${json}]`),
      fc.json().map((json) => withApi(`routes: [{ match: ${json}, price: ${json} }]`, `headers: ${json}`)),
      fc.json().map((json) => `gateway: ${json}\nadmin: { listen: ${json} }\ntokens: { ttl: ${json} }`),
    );
    fc.assert(
      fc.property(yamlText, (yaml) => {
        writeFileSync(file, yaml);
        expect(loadConfig({ file, env: {} })).toHaveProperty('ok');
      }),
      { numRuns: 300 },
    );
  });
});

describe('secrets and the environment', () => {
  it(`come from \${NAME} or from a file`, () => {
    const yaml = withApi(
      'price: "1"',
      `headers: { authorization: "Bearer \${KEY}", x-key: { file: ./secrets/up.key } }`,
    )
      .replace('token_file: ./secrets/admin.token', `token: "\${ADMIN}"`)
      .replace('operator_secret_file: ./secrets/operator.seed', `operator_secret: \${SEED}`);
    const { folder, file } = catalogFolder(yaml);
    writeSecret(folder, 'up.key', 'from-file');
    const loaded = loadConfig({ file, env: { KEY: 'k', ADMIN: 'sixteen-characters', SEED: seed } });
    expect(loaded).toMatchObject({
      config: { admin: { token: 'sixteen-characters' }, stellar: { operatorSecret: seed } },
    });
    expect(loaded.ok && loaded.config.apis[0]?.headers).toEqual([
      ['authorization', 'Bearer k'],
      ['x-key', 'from-file'],
    ]);
  });

  it(`name the variable that is missing or empty, and take $\${NAME} as text`, () => {
    expect(problem(withApi(`price: \${PRICE}`))).toMatch(/\$\{PRICE\}, which is not set/);
    expect(problem(withApi(`price: \${PRICE}`), { PRICE: '' })).toMatch(/\$\{PRICE\}, which is empty/);
    expect(problem(withApi(`price: \${toString}`))).toMatch(/\$\{toString\}, which is not set/);
    expect(problem(withApi(`price: \${1x}`), { '1x': '1' })).toContain('no variable name');
    expect(loadGood(withApi('price: "1"', `description: $\${NAME}`)).apis[0]?.routes[0]?.description).toBe(`\${NAME}`);
  });

  it('cannot add keys or lines through a value', () => {
    const config = loadGood(withApi('price: "1"', `description: \${TEXT}`), { TEXT: `a"\nroutes: []\n\${OTHER}` });
    expect(config.apis[0]?.routes[0]?.description).toBe(`a"\nroutes: []\n\${OTHER}`);
  });

  it.each([
    ['a seed', `description: ${seed}`],
    ['a seed inside a text', `description: "see ${seed}"`],
    ['a token', 'description: eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJHIn0.c2ln'],
    ['a private key', 'description: "-----BEGIN PRIVATE KEY-----"'],
    ['an API key', 'headers: { x-api-key: abc }'],
    ['an authorization', 'headers: { Authorization: Bearer abc }'],
    ['a disguised variable', `headers: { x-api-key: "$\${NAME}" }`],
  ])('are refused when the file holds %s', (_, line) => {
    const text = problem(withApi('price: "1"', line));
    expect(text).toMatch(/holds|written into the file/);
    expect(text).not.toMatch(/SA774|eyJzdWIi|abc/);
  });

  it('are refused when the admin token or the operator seed is written into the file', () => {
    const admin = withApi('price: "1"').replace('token_file: ./secrets/admin.token', 'token: a-token-of-good-length');
    expect(problem(admin)).toContain('admin.token is written into the file');
    const operator = withApi('price: "1"').replace(
      'operator_secret_file: ./secrets/operator.seed',
      `operator_secret: ${seed}`,
    );
    const problems = problemsOf(operator);
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain(seed);
  });

  it('are one of text and file, never both and never none', () => {
    const both = withApi('price: "1"').replace('admin: {', `admin: { token: "\${ADMIN}",`);
    expect(problem(both, { ADMIN: 'sixteen-characters' })).toContain('stands beside token_file');
    expect(problem(withApi('price: "1"').replace('token_file: ./secrets/admin.token', ''))).toContain('is missing');
  });

  it('are refused from a file that is missing, empty, a folder, of several lines or too large', () => {
    const { folder, file } = catalogFolder(withApi('price: "1"'));
    const secret = path.join(folder, 'secrets/admin.token');
    const messageWith = (text: string) => {
      writeFileSync(secret, text);
      const result = loadConfig({ file, env: {} });
      return result.ok ? '' : result.problems.map((found) => found.message).join();
    };
    expect(messageWith('')).toContain('is empty');
    expect(messageWith('a\nb')).toContain('several lines');
    expect(messageWith('x'.repeat(100_000))).toContain('too large');
    expect(messageWith('short')).toContain('could be guessed');
    mkdirSync(path.join(folder, 'secrets/dir'));
    expect(problem(withApi('price: "1"').replace('secrets/admin.token', 'secrets/none'))).toContain('does not exist');
    expect(problem(withApi('price: "1"').replace('./secrets/admin.token', '/tmp'))).toContain('not a file');
  });

  it('are warned about when everyone can read the file', () => {
    const { folder, file } = catalogFolder(withApi('price: "1"'));
    writeSecret(folder, 'open.token', 'a-token-that-nobody-guesses', 0o644);
    writeFileSync(file, withApi('price: "1"').replace('admin.token', 'open.token'));
    const loaded = loadConfig({ file, env: {} });
    expect(loaded.ok && loaded.warnings.map((warning) => `${warning.field} ${warning.message}`)).toEqual([
      expect.stringMatching(/^admin\.token_file .*open\.token can be read by everyone/),
    ]);
  });

  it('are refused as an operator seed when they are none', () => {
    const { folder, file } = catalogFolder(withApi('price: "1"'));
    writeSecret(folder, 'operator.seed', payee);
    const loaded = loadConfig({ file, env: {} });
    expect(loaded.ok || loaded.problems.map((found) => found.message)).toEqual([
      'has a secret that is no Stellar seed (operator_secret)',
    ]);
  });
});

describe('upstream header fields', () => {
  it.each(['host', 'Connection', 'content-length', 'TRANSFER-ENCODING', 'upgrade'])('cannot be %s', (name) => {
    expect(problem(withApi('price: "1"', `headers: { ${name}: a }`))).toContain('the gateway sets itself');
  });

  it('cannot be given twice, be no text, or break out of their line', () => {
    expect(problem(withApi('price: "1"', 'headers: { x-a: a, X-A: b }'))).toContain('given twice');
    expect(problem(withApi('price: "1"', 'headers: { x-a: 1 }'))).toContain('not a text');
    expect(problem(withApi('price: "1"', 'headers: { "x a": b }'))).toContain('not the name of a header field');
    expect(problem(withApi('price: "1"', `headers: { x-a: "\${V}" }`), { V: 'a\r\nb: c' })).toContain(
      'no header field',
    );
    expect(problem(withApi('price: "1"', 'headers: { x-a: "ä" }'))).toContain('no header field');
  });
});

describe('warnings', () => {
  it.each([
    ['gateway: { public_url: http://api.example.com }', 'tokens travel in clear'],
    ['gateway: { listen: 0.0.0.0:8402 }', 'listens everywhere'],
  ])('come with %s', (line, message) => {
    const loaded = load(`${line}\n${withApi('price: "1"')}`);
    expect(loaded.ok && loaded.warnings.map((warning) => warning.message).join()).toContain(message);
  });

  it('come with an RPC server that is asked in clear, unless it is on this machine', () => {
    const warningsWith = (rpcUrl: string) => {
      const loaded = load(withApi('price: "1"').replace('https://rpc.example', rpcUrl));
      return loaded.ok ? loaded.warnings.map((warning) => warning.message) : ['not loaded'];
    };
    expect(warningsWith('http://rpc.example')).toEqual(['is not https, so answers can be forged']);
    expect(warningsWith('http://127.0.0.1:8000')).toEqual([]);
    expect(warningsWith('http://127.0.0.1.example')).toHaveLength(1);
  });

  it.each<[string, string[], string[]]>([
    ['an API', ['price: "1"', 'charge_on: [2xx, 402]'], ['apis[0].charge_on']],
    ['a route', ['routes: [{ match: GET /a, price: "1", charge_on: [402] }]'], ['apis[0].routes[0].charge_on']],
    [
      'a route that does not do as its API',
      [
        'price: "1"',
        'pass_payment_required: true',
        'routes: [{ match: GET /a, charge_on: [402], pass_payment_required: false }]',
      ],
      ['apis[0].routes[0].charge_on'],
    ],
    ['an API that passes it on', ['price: "1"', 'charge_on: [402]', 'pass_payment_required: true'], []],
    [
      'a route of an API that passes it on',
      ['pass_payment_required: true', 'routes: [{ match: GET /a, price: "1", charge_on: [402] }]'],
      [],
    ],
    [
      'an API of which one route passes it on',
      [
        'charge_on: [402]',
        'routes: [{ match: GET /a, price: "1" }, { match: GET /b, price: "1", pass_payment_required: true }]',
      ],
      [],
    ],
    ['an API that charges for errors of clients, as a class', ['price: "1"', 'charge_on: [4xx]'], []],
  ])('come with a 402 that can never be charged, by the field that has it: %s', (_, lines, fields) => {
    const loaded = load(withApi(...lines));
    const warnings = loaded.ok ? loaded.warnings : [];
    expect(warnings.map(({ field }) => field)).toEqual(fields);
    for (const warning of warnings) {
      expect(formatProblem(warning)).toMatch(
        /has 402, which is never charged: .*502 \(expected pass_payment_required: true/,
      );
    }
  });
});
