import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFieldRules } from '../../src/gateway/fields.ts';
import { unreadHead } from '../../src/gateway/head.ts';
import { answerHead, trailersDown } from '../../src/gateway/headers-down.ts';
import { prepareRoute } from '../../src/gateway/prepared.ts';
import { makeConfig } from './make-config.ts';

/** Whatever fields an upstream sends: it speaks for itself only, and gives nothing away that it was sent. */

const secret = 's3cret/of+the=upstream';
const headers: [string, string][] = [['x-api-key', secret]];
const config = makeConfig([{ origin: 'http://127.0.0.1:9', price: '0.5', headers, secrets: [secret] }]);
const api = config.apis[0];
const route = api?.routes[0];
if (!api || !route) throw new Error('no route');
const prepared = prepareRoute(route, () => 1);
const rules = createFieldRules();

const never = [
  'callora-call',
  'callora-price',
  'callora-balance',
  'x-callora-account',
  'x-request-id',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'strict-transport-security',
  'clear-site-data',
  'alt-svc',
  'transfer-encoding',
  'content-length',
  'connection',
  'cache-control',
  'x-accel-redirect',
  'x-api-key',
  'payment-required',
  'payment-response',
  'x-payment-response',
  'idempotent-replayed',
  'edge-control',
];

const name = fc
  .constantFrom(...never, 'set-cookie', 'x-plain', 'location', 'etag', 'trailer', 'server-timing', '__proto__')
  .chain((text) => fc.constantFrom(text, text.toUpperCase(), text.replaceAll('-', '_')));
const value = fc.oneof(
  fc.constantFrom(secret, `key=${secret};`, encodeURIComponent(secret), 'x-plain, etag', 'callora_admin=1', 'a=1', ''),
  fc.string({ maxLength: 8 }).filter((text) => /^[\x20-\x7e]*$/.test(text)),
);

test('no head of an upstream speaks for the gateway, nor gives away what it was sent', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 10 }), (pairs) => {
      const raw = pairs.flat();
      const shown = answerHead(raw, rules, prepared, api, { head: unreadHead, fields: [] }).fields;
      for (const fields of [shown, trailersDown(raw, rules, prepared)]) {
        for (let i = 0; i + 1 < fields.length; i += 2) {
          const folded = (fields[i] ?? '').toLowerCase().replaceAll('_', '-');
          expect(never).not.toContain(folded);
          if (folded === 'set-cookie') expect(fields[i + 1]).not.toMatch(/^[ =]*callora_/);
        }
        const text = fields.join('\n');
        expect(text).not.toContain(secret);
        expect(text).not.toContain(encodeURIComponent(secret));
      }
      // What is left stands in its order.
      let at = 0;
      for (let i = 0; i + 1 < shown.length; i += 2) {
        while (at < raw.length && raw[at] !== shown[i]) at += 2;
        expect(at).toBeLessThan(raw.length);
        at += 2;
      }
    }),
    { numRuns: 3_000 },
  );
});
