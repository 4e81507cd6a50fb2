import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problemsOf, withApi } from '../catalog/folder.ts';
import { makeConfig } from './make-config.ts';
import { type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

/** A host of their own for the gateway's pages, before an API that is sold at the root and answers HTML. */

let upstream: RawUpstream;
let rig: Rig;

beforeEach(async () => {
  upstream = await startUpstream(() => 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\nsold');
  const specs = [{ origin: upstream.origin, mount: '', price: '0.1' }];
  rig = await startRig({
    config: makeConfig(specs, { publicUrl: 'https://api.test', pagesUrl: new URL('https://pay.test') }),
    deps: {
      internal(_req, res, path) {
        res.end(`own ${path}`);
        return true;
      },
    },
  });
});

afterEach(async () => {
  await rig.close();
  await upstream.close();
});

const at = (host: string, path: string, method = 'GET', headers = {}) => rig.get(path, { host, ...headers }, method);

describe('the host of the pages', () => {
  it.each(['pay.test', 'PAY.test', 'pay.test:443'])(
    'sells nothing as %s, whatever is asked and however',
    async (host) => {
      for (const method of ['GET', 'POST', 'HEAD']) expect((await at(host, '/x', method)).status).toBe(404);
      const preflight = { origin: 'https://api.test', 'access-control-request-method': 'GET' };
      expect((await at(host, '/x', 'OPTIONS', preflight)).status).toBe(404);
      expect(upstream.requests).toEqual([]);
      expect(rig.account()).toMatchObject({ charged: 0n, held: 0n });
    },
  );

  it('has the pages and all that they ask', async () => {
    expect((await at('pay.test', '/_callora/app/')).body).toBe('own /_callora/app/');
    expect((await at('pay.test', '/_callora/account')).body).toBe('own /_callora/account');
    expect((await at('pay.test', '/.well-known/stellar.toml')).body).toBe('own /.well-known/stellar.toml');
  });
});

describe('the host of the calls', () => {
  it.each(['api.test', '127.0.0.1', 'pay.test:8443', 'pay.test.evil.test'])('sells as %s', async (host) => {
    expect((await at(host, '/x')).body).toBe('sold');
  });

  it('sends who wants the page to the other host, with path and query', async () => {
    const answer = await at('api.test', '/_callora/app/assets/a.js?v=1');
    expect([answer.status, answer.headers.get('location')]).toEqual([
      308,
      'https://pay.test/_callora/app/assets/a.js?v=1',
    ]);
    expect((await at('api.test', '/_callora/app')).headers.get('location')).toBe('https://pay.test/_callora/app');
    expect((await at('api.test', '/_callora/app/', 'HEAD')).status).toBe(308);
  });

  it('is that of an HTTP/1.0 request which names none', async () => {
    const ask = (path: string) => rig.send(`GET ${path} HTTP/1.0\r\nauthorization: Bearer ${token}\r\n\r\n`);
    expect(await ask('/x')).toMatch(/\r\n\r\nsold$/);
    expect(await ask('/_callora/app/')).toMatch(
      /^HTTP\/1\.1 308 .*\r\nlocation: https:\/\/pay\.test\/_callora\/app\/\r\n/s,
    );
    expect(await ask('/_callora/login')).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nown \/_callora\/login$/s);
  });

  it('keeps what programs ask', async () => {
    expect((await at('api.test', '/_callora/login')).body).toBe('own /_callora/login');
    expect((await at('api.test', '/_callora/apps')).body).toBe('own /_callora/apps');
    expect((await at('api.test', '/.well-known/jwks.json')).body).toBe('own /.well-known/jwks.json');
  });
});

describe('the setting', () => {
  const fields = (...lines: string[]) =>
    problemsOf(`gateway: { ${lines.join(', ')} }\n${withApi('price: "1"')}`).map(({ field }) => field);

  it('wants another host, beside public_url', () => {
    expect(fields('public_url: https://api.test', 'pages_url: https://pay.test')).toEqual([]);
    expect(fields('public_url: https://api.test', 'pages_url: https://api.test:8443')).toEqual(['gateway.pages_url']);
    expect(fields('pages_url: https://pay.test')).toEqual(['gateway.pages_url']);
    expect(fields('public_url: https://api.test', 'pages_url: https://pay.test/x')).toEqual(['gateway.pages_url']);
  });
});
