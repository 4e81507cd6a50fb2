import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { diffConfig } from '../../src/catalog/diff.ts';
import { formatProblem, loadConfig } from '../../src/catalog/load.ts';
import { makeCertificate } from '../support/certificate.ts';
import { catalogFolder, loadGood, problemsOf, withApi } from './folder.ts';

const one = 'upstream: http://127.0.0.1:9000';

function api(upstream: string, ...lines: string[]): string {
  return withApi('price: "1"', ...lines).replace(one, upstream);
}

function messages(yaml: string): string[] {
  return problemsOf(yaml).map((problem) => `${problem.field} ${problem.message}`);
}

function upstreamOf(yaml: string) {
  return loadGood(yaml).apis[0]?.upstream;
}

describe('the upstream of an API', () => {
  it('is one URL or several with one path, and has a limit for everything but the whole time', () => {
    expect(upstreamOf(api('upstream: https://api.example:8443/v1/'))).toEqual({
      origins: ['https://api.example:8443'],
      basePath: '/v1',
      allowPrivate: false,
      connectionsMax: 128,
      waitingMax: 1_000,
      connectTimeoutMs: 3_000,
      idleTimeoutMs: 60_000,
      totalTimeoutMs: 0,
      answerHeadBytesMax: 32_768,
      breaker: { failures: 10, openForMs: 5_000 },
      health: undefined,
      tls: undefined,
    });
    const several = api('upstreams: [http://a.example/v1, http://b.example:81/v1]', 'total_timeout: 10m');
    expect(upstreamOf(several)).toMatchObject({
      origins: ['http://a.example', 'http://b.example:81'],
      basePath: '/v1',
      totalTimeoutMs: 600_000,
    });
  });

  it.each([
    ['headers: {}', 'apis[0].upstream is missing'],
    [`${one}\n    upstreams: [http://b.example]`, 'apis[0].upstreams stands beside upstream'],
    ['upstreams: []', 'apis[0].upstreams is empty'],
    ['upstreams: http://a.example', 'apis[0].upstreams is not a list'],
    ['upstreams: [http://a.example, ftp://b.example]', 'apis[0].upstreams[1] is not an http or https URL'],
    ['upstreams: [http://a.example/v1, http://b.example]', 'apis[0].upstreams[1] has another path than the first'],
    ['upstreams: [http://a.example, https://b.example]', 'apis[0].upstreams[1] has another scheme than the first'],
    ['upstreams: [http://a.example, http://A.example:80/]', 'apis[0].upstreams[1] is listed twice'],
    [`${one}\n    tls: { server_name: a.example }`, 'apis[0].tls is given for an upstream that is not https'],
    [`${one}\n    health: { interval: 1s }`, 'apis[0].health.path is missing'],
    [`${one}\n    health: { path: "/a b" }`, 'apis[0].health.path is not a path'],
    [`${one}\n    health: { path: /a, every: 1s }`, 'apis[0].health.every is not a known key'],
    [`${one}\n    breaker: { failures: 0 }`, 'apis[0].breaker.failures is out of range'],
    ['upstream: https://a.example\n    tls: { server_name: "a b" }', 'apis[0].tls.server_name is not a host name'],
  ])('is refused: %s', (upstream, message) => {
    expect(messages(api(upstream))).toEqual([message]);
  });

  it('takes probes and a breaker', () => {
    const { health, breaker } =
      upstreamOf(api(one, 'health: { path: /healthz, unhealthy: 5 }', 'breaker: { open_for: 1s }')) ?? {};
    expect(health).toEqual({ path: '/healthz', intervalMs: 10_000, timeoutMs: 2_000, healthy: 2, unhealthy: 5 });
    expect(breaker).toEqual({ failures: 10, openForMs: 1_000 });
  });
});

describe('the certificates of an upstream', () => {
  /** Loads a catalog whose folder holds two keys with their certificates, a file of each wrong kind, and `tls`. */
  function withFiles(tls: string) {
    const { folder, file } = catalogFolder(api('upstream: https://a.example', `tls: ${tls}`));
    const inFolder = (name: string) => path.join(folder, 'secrets', name);
    const one = makeCertificate({ name: 'one' });
    const short = makeCertificate({ name: 'short', rsaBits: 512, issuer: { ...one, name: 'one' } });
    for (const [name, { cert, key }] of Object.entries({ one, two: makeCertificate({ name: 'two' }), short })) {
      writeFileSync(inFolder(`${name}.pem`), cert);
      writeFileSync(inFolder(`${name}.key`), key, { mode: 0o600 });
    }
    writeFileSync(inFolder('text.pem'), 'nothing of the kind');
    const whole = readFileSync(inFolder('one.pem'), 'latin1');
    writeFileSync(inFolder('cut.pem'), whole + whole.slice(0, 200));
    return {
      file,
      loaded: loadConfig({ file, env: {} }),
      pem: (name: string) => readFileSync(inFolder(name), 'latin1'),
    };
  }

  it('are read with the catalog', () => {
    const files =
      '{ ca_file: secrets/two.pem, cert_file: secrets/one.pem, key_file: secrets/one.key, server_name: b.example }';
    const { loaded, pem } = withFiles(files);
    expect(loaded.ok && loaded.config.apis[0]?.upstream.tls).toEqual({
      ca: pem('two.pem'),
      cert: pem('one.pem'),
      key: pem('one.key'),
      serverName: 'b.example',
    });
  });

  it('that were renewed under the same name are a change', () => {
    const { loaded, file, pem } = withFiles('{ ca_file: secrets/one.pem }');
    writeFileSync(path.join(path.dirname(file), 'secrets', 'one.pem'), pem('two.pem'));
    const again = loadConfig({ file, env: {} });
    if (!loaded.ok || !again.ok) throw new Error('not loaded');
    expect(diffConfig(loaded.config, again.config).applied).toEqual(['apis.weather']);
  });

  it.each([
    ['{ ca_file: secrets/none.pem }', 'tls.ca_file names', 'which does not exist'],
    ['{ ca_file: secrets/text.pem }', 'tls.ca_file names', 'which holds no certificate'],
    ['{ ca_file: secrets/cut.pem }', 'tls.ca_file names', 'which holds a certificate that is broken'],
    ['{ ca_file: secrets }', 'tls.ca_file names', 'which is not a file'],
    ['{ cert_file: secrets/one.pem }', 'tls.cert_file', 'stands without key_file'],
    ['{ cert_file: secrets/short.pem, key_file: secrets/short.key }', 'tls cannot be used', 'KEY_TOO_SMALL'],
    ['{ key_file: secrets/one.key }', 'tls.key_file', 'stands without cert_file'],
    ['{ cert_file: secrets/one.pem, key_file: secrets/two.key }', 'tls.key_file', 'is not the key of the certificate'],
    ['{ cert_file: secrets/one.pem, key_file: secrets/text.pem }', 'tls.key_file', 'holds no private key'],
  ])('are refused by name when they do not fit: %s', (tls, field, message) => {
    const { loaded, pem } = withFiles(tls);
    const problems = loaded.ok ? [] : loaded.problems.map(formatProblem);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(field);
    expect(problems[0]).toContain(message);
    const secretLine = pem('one.key').split('\n')[1] ?? '';
    expect(problems[0]).not.toContain(secretLine);
  });
});
