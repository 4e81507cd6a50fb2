import { describe, expect, it } from 'vitest';
import { createFieldRules } from '../../src/gateway/fields.ts';
import { trailersDown } from '../../src/gateway/headers-down.ts';
import { trailersUp } from '../../src/gateway/headers-up.ts';
import { prepareRoute } from '../../src/gateway/prepared.ts';
import { makeConfig } from './make-config.ts';

const config = makeConfig([{ origin: 'http://127.0.0.1:9', price: '1', headers: [['x-api-key', 'upstream-secret']] }]);
const route = config.apis[0]?.routes[0];
if (!route) throw new Error('no route');
const prepared = prepareRoute(route, () => 1);
const rules = createFieldRules();

/** Both directions at once: [kept on the way up, kept on the way down]. */
function kept(...fields: string[]): [string[], string[]] {
  return [trailersUp(fields, rules, prepared), trailersDown(fields, rules, prepared)];
}

describe('trailers', () => {
  it('of no special meaning pass both ways in their order and spelling', () => {
    const fields = ['X-Checksum', 'abc', 'Server-Timing', 'db;dur=1', 'x-checksum', 'def', 'grpc-status', '0'];
    expect(kept(...fields)).toEqual([fields, fields]);
  });

  it.each([
    'Content-Length',
    'transfer-encoding',
    'Transfer_Encoding',
    'Connection',
    'Trailer',
    'TE',
    'Upgrade',
    'Content-Encoding',
    'Content-Type',
    'Content-Range',
    'Proxy-Authorization',
    'Cookie',
    'Set-Cookie',
    'WWW-Authenticate',
    'Cache-Control',
    'If-None-Match',
    'Range',
    'Via',
    'Callora-Account',
    'callora_account',
    'X-Callora-Price',
    'X-Api-Key',
    'x_api_key',
    'X-Request-Id',
    'Access-Control-Allow-Origin',
  ])('never carry %s, in either direction', (name) => {
    expect(kept(name, 'forged', 'x-a', '1')).toEqual([
      ['x-a', '1'],
      ['x-a', '1'],
    ]);
  });

  it.each(['Host', 'Authorization', 'Expect', 'Forwarded', 'X-Forwarded-For', 'x_real_ip', 'X-HTTP-Method-Override'])(
    'tell the upstream no %s',
    (name) => {
      expect(kept(name, 'forged')[0]).toEqual([]);
    },
  );

  it.each(['Strict-Transport-Security', 'Alt-Svc', 'Clear-Site-Data', 'Location'])('tell the client no %s', (name) => {
    expect(kept(name, 'forged')[1]).toEqual([]);
  });
});
