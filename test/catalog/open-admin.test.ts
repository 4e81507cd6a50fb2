import { describe, expect, it } from 'vitest';
import { load, loadGood, problemsOf, withApi } from './folder.ts';

/** The operator's listener speaks plain HTTP, so it is opened to other machines by who has said so only. */

const config = (...lines: string[]) =>
  withApi('price: "1"').replace('admin: {', `admin: { ${lines.map((line) => `${line}, `).join('')}`);

describe('the operator’s listener', () => {
  it.each([
    '127.0.0.1:9',
    '127.8.4.1:9',
    '[::1]:9',
    '[0:0:0:0:0:0:0:1]:9',
    '[::ffff:127.0.0.1]:9',
    'localhost:9',
    'LocalHost:9',
  ])('may be on %s, which never leaves the machine', (listen) => {
    expect(problemsOf(config(`listen: "${listen}"`))).toEqual([]);
  });

  it.each([
    '0.0.0.0:8403',
    '[::]:8403',
    '192.168.1.5:8403',
    '10.0.0.1:8403',
    '203.0.113.7:8403',
    '[fe80::1]:8403',
    '[::ffff:10.0.0.1]:8403',
    'gateway.internal:8403',
    'localhost.example.com:8403',
  ])('is refused on %s, which others reach, unless insecure_listen says so', (listen) => {
    const refused = expect.objectContaining({
      field: 'admin.listen',
      message: expect.stringContaining('plain HTTP'),
      expected: expect.stringContaining('insecure_listen: true'),
    });
    expect(problemsOf(config(`listen: "${listen}"`))).toEqual([refused]);
    expect(problemsOf(config(`listen: "${listen}"`, 'insecure_listen: false'))).toEqual([refused]);
    expect(load(config(`listen: "${listen}"`, 'insecure_listen: true'))).toMatchObject({ ok: true, warnings: [] });
  });

  it('is judged by where the environment puts it', () => {
    const everywhere = { CALLORA_ADMIN_LISTEN: '0.0.0.0:8403' };
    expect(problemsOf(config(), everywhere)).toMatchObject([{ field: 'admin.listen' }]);
    expect(loadGood(config('insecure_listen: true'), everywhere).admin.listen.host).toBe('0.0.0.0');
    const inside = { CALLORA_ADMIN_LISTEN: '127.0.0.1:8403' };
    expect(problemsOf(config('listen: 0.0.0.0:8403'), inside)).toEqual([]);
  });
});
