import { describe, expect, it } from 'vitest';
import { createLog } from '../src/log.ts';

const jws = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
const seed = `S${'ABCDEFG234567'.repeat(5)}`.slice(0, 56);

const pem = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----\n';

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  write(createLog('info', { write: (line) => void lines.push(line) }));
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

describe('a log line', () => {
  it('never has the value of a secret field, however deep, whatever the spelling of its name', () => {
    const deep = { a: { b: [{ c: { Access_Token: 'epsilon' } }] } };
    const line = logged((log) =>
      log.info(
        { token: 'alpha', req: { Authorization: 'beta', 'x-api-key': 'gamma' }, operator: { SEED: 'delta' }, deep },
        'call',
      ),
    );
    expect(line).not.toMatch(/alpha|beta|gamma|delta|epsilon/);
    expect(line).toContain('[redacted]');
  });

  it('never has the value of a secret field of an error', () => {
    const error = Object.assign(new Error('no'), { request: { headers: { cookie: 'alpha' } } });
    const line = logged((log) => log.error({ err: error }, 'failed'));
    expect(line).not.toContain('alpha');
    expect(line).toContain('"message":"no"');
    expect(line).toContain('"stack"');
  });

  it.each([
    ['an access token in a text', `took ${jws} from x`, jws],
    ['an access token in a URL', `GET /a?t=1%20${jws}`, jws],
    ['a Stellar seed', `bad line "${seed}"`, seed],
    ['an opaque credential', 'authorization: Bearer abcdef0123456789', 'abcdef0123456789'],
    ['a private key', `read "${pem}" of a file`, 'MC4CAQAwBQYDK2VwBCIEIA'],
    ['a Basic credential', 'Basic dXNlcjpwYXNzd29yZA==', 'dXNlcjpwYXNzd29yZA'],
  ])('never has %s, wherever it stands', (_name, text, secret) => {
    for (const line of [
      logged((log) => log.warn(text)),
      logged((log) => log.warn({ where: { path: text } }, 'x')),
      logged((log) => log.error({ err: new Error(text, { cause: new Error(text) }) }, 'x')),
    ]) {
      expect(line).not.toContain(secret);
      expect(line).toContain('[redacted]');
      expect(() => JSON.parse(line)).not.toThrow();
    }
  });

  it('keeps what is not secret: addresses, hashes, amounts, plain words', () => {
    const address = `G${'ABCDEFG234567'.repeat(5)}`.slice(0, 56);
    const hash = 'ab'.repeat(32);
    const line = logged((log) =>
      log.info({ address, hash, amount: '0.002', list: [1, 2] }, 'a bearer token, basic text'),
    );
    expect(JSON.parse(line)).toMatchObject({
      address,
      hash,
      amount: '0.002',
      list: [1, 2],
      msg: 'a bearer token, basic text',
    });
  });
});
