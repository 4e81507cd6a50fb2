import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clientView } from '../../src/gateway/client-view.ts';
import type { Exchange } from '../../src/gateway/exchange.ts';
import { createFieldRules } from '../../src/gateway/fields.ts';
import { readHead } from '../../src/gateway/head.ts';
import { upstreamLines } from '../../src/gateway/headers-up.ts';
import { prepareRoute } from '../../src/gateway/prepared.ts';
import { readFields } from '../../src/http1/fields.ts';
import { parseRequestHead } from '../../src/http1/request-head.ts';
import { makeConfig } from './make-config.ts';

/** Whatever head a client sends, as long as it is one: what it asked for beside its fields must stay ours. */

const headers: [string, string][] = [
  ['x-api-key', 'upstream-secret'],
  ['authorization', 'Basic of-the-upstream'],
];
const config = makeConfig([{ origin: 'http://127.0.0.1:9', price: '0.5', headers, secrets: ['upstream-secret'] }]);
const route = config.apis[0]?.routes[0];
if (!route) throw new Error('no route');
const prepared = prepareRoute(route, () => 1);
const rules = createFieldRules();

/** Fields that the upstream believes, by their folded names, and the one value each has to have. */
const ours: Record<string, string> = {
  'callora-account': 'GACCOUNT',
  'callora-call': '7',
  'callora-price': '0.5',
  'x-request-id': 'request-1',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': 'gateway.test',
  forwarded: 'for=203.0.113.7;host="gateway.test";proto=http',
  'x-api-key': 'upstream-secret',
  authorization: 'Basic of-the-upstream',
};
/** What may never pass, whoever says it. */
const never = [
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'te',
  'upgrade',
  'keep-alive',
  'expect',
  'x-real-ip',
  'x-http-method-override',
  'client-cert',
  'client-cert-chain',
  'x-remote-user',
];

function spelt(name: string): fc.Arbitrary<string> {
  return fc.constantFrom(name, name.toUpperCase(), name.replaceAll('-', '_'), name.replace('-', '_').toUpperCase());
}

const names = fc.oneof(
  fc.constantFrom(...Object.keys(ours), ...never, 'cookie', 'trailer', 'traceparent', 'tracestate', 'via').chain(spelt),
  fc.constantFrom('accept', 'x-plain', '__proto__', 'constructor', 'x-callora-account', 'callora', "x'odd!name"),
);
const values = fc.oneof(
  fc.constantFrom(
    'forged',
    'callora-account, x-api-key, authorization, x-forwarded-for',
    'callora_admin=1; a=2',
    '0',
    'chunked',
    '',
    '%0d%0a',
    'ÿ',
  ),
  fc.string({ maxLength: 12 }).filter((text) => /^[\x20-\x7e]*$/.test(text)),
);
const lines = fc.array(fc.tuple(names, values), { maxLength: 8 });

function sentFor(fields: [string, string][]): string[] | undefined {
  const text = [
    'GET /api0/a HTTP/1.1',
    'Host: gateway.test',
    ...fields.map(([name, value]) => `${name}: ${value}`),
  ].join('\r\n');
  const bytes = Buffer.from(text, 'latin1');
  const request = parseRequestHead(bytes, 0, bytes.length, 100);
  if ('fault' in request) return undefined;
  const read = readHead(request);
  if (!read.ok) return undefined;
  const client = clientView({ address: '203.0.113.7', via: [] });
  const exchange = { request, head: read.head, client, config, requestId: 'request-1' } as unknown as Exchange;
  const identity = { account: 'GACCOUNT', callId: '7', context: undefined };
  const sent = upstreamLines(exchange, rules, prepared, identity);
  const sentBytes = Buffer.from(sent, 'latin1');
  const found = readFields({ bytes: sentBytes, base: 0, text: sent }, 0, 200);
  if (!Array.isArray(found)) throw new Error(`not field lines: ${JSON.stringify(sent)}`);
  return found;
}

test('no head of a client changes what the upstream is told by the gateway', () => {
  let judged = 0;
  fc.assert(
    fc.property(lines, (fields) => {
      const sent = sentFor(fields);
      if (!sent) return;
      judged++;
      const values = new Map<string, string[]>();
      for (let i = 0; i + 1 < sent.length; i += 2) {
        const name = (sent[i] ?? '').toLowerCase().replaceAll('_', '-');
        values.set(name, [...(values.get(name) ?? []), sent[i + 1] ?? '']);
      }
      for (const [name, value] of Object.entries(ours)) expect([name, values.get(name)]).toEqual([name, [value]]);
      for (const name of never) expect([name, values.get(name)]).toEqual([name, undefined]);
      for (const name of values.keys()) expect(name).not.toMatch(/^x-callora|^callora$/);
      expect(values.get('via')?.at(-1)).toBe('1.1 callora');
      expect(values.get('cookie')?.join() ?? '').not.toMatch(/callora_admin/);
    }),
    { numRuns: 3_000 },
  );
  expect(judged).toBeGreaterThan(300);
});
