import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { webhookKinds } from '../../src/catalog/webhook-kinds.ts';
import { units, zero } from '../../src/money.ts';
import {
  balanceLow,
  invariantBroken,
  settlementConfirmed,
  settlementHalted,
  settlementShortfall,
  watcherLag,
} from '../../src/notify/payloads.ts';
import { signatureOf } from '../../src/notify/signature.ts';

const docs = path.resolve(import.meta.dirname, '../../docs');
const page = readFileSync(path.join(docs, 'webhooks.md'), 'utf8');

const row = {
  id: 1,
  lane: 0,
  batch: 1,
  root: '',
  state: 'confirmed' as const,
  total: zero,
  leaves: 1,
  oldestAtMs: 0,
  sealedAtMs: 0,
  confirmedAtMs: 0,
  ledger: 1,
  txHash: '',
};
const line = {
  position: 0,
  payee: '',
  account: '',
  accountId: 1,
  amount: units(5n),
  carriedReceivable: zero,
  carriedHeld: zero,
  taken: 1n,
};

const payloads: Record<string, unknown> = {
  'balance.low': balanceLow({ account: '', available: zero, bound: zero }),
  'settlement.confirmed': settlementConfirmed(row),
  'settlement.shortfall': settlementShortfall(row, [line]),
  'settlement.halted': settlementHalted({ lane: 0, batch: 1, reason: '' }),
  'watcher.lag': watcherLag({ ageMs: 0, lastClosedAtMs: 0, lastLedger: 0, behindLedgers: 0 }),
  'invariant.broken': invariantBroken({ identity: '', detail: '' }),
};

/** Names and kinds of values, without the values. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shape(item)]));
}

describe('docs/webhooks.md', () => {
  it('has a row for each kind, in the order of the code', () => {
    const rows = [...page.matchAll(/^\| `([a-z]+\.[a-z]+)` \|/gm)].map((match) => match[1]);
    expect(rows).toEqual([...webhookKinds]);
  });

  it.each([...webhookKinds])('shows the members of %s as they are sent', (kind) => {
    const example = new RegExp(`### ${kind.replace('.', '\\.')}\\n\`\`\`json\\n([^\`]+)\`\`\``).exec(page)?.[1] ?? '{}';
    expect(shape(JSON.parse(example))).toEqual(shape(payloads[kind]));
  });
});

describe('docs/webhooks-verify.mjs', () => {
  const secret = 'a secret of the receiver';
  const body = '{"id":"evt_1"}';
  const nowS = 1_800_000_000;
  const headers = {
    'callora-delivery': 'dlv_1',
    'callora-signature': signatureOf(secret, { timeS: nowS, id: 'dlv_1', body }),
  };
  const good = { headers, body, secrets: [secret], nowS };

  async function check(changes: Partial<typeof good>): Promise<boolean> {
    const { isFromCallora } = await import(path.join(docs, 'webhooks-verify.mjs'));
    return isFromCallora({ ...good, ...changes });
  }

  it('takes what the gateway signs, a little late, and with the old secret beside a new one', async () => {
    expect(await check({})).toBe(true);
    expect(await check({ nowS: nowS + 299 })).toBe(true);
    expect(await check({ secrets: ['the new secret of it', secret] })).toBe(true);
  });

  it.each([
    ['another body', { body: '{"id":"evt_2"}' }],
    ['another delivery', { headers: { ...headers, 'callora-delivery': 'dlv_2' } }],
    ['another secret', { secrets: ['another secret'] }],
    ['no secret', { secrets: [] }],
    ['an old time', { nowS: nowS + 301 }],
    ['a time to come', { nowS: nowS - 301 }],
    [
      'a changed time',
      { headers: { ...headers, 'callora-signature': headers['callora-signature'].replace('t=18', 't=17') } },
    ],
    ['no signature', { headers: { ...headers, 'callora-signature': '' } }],
    ['a longer signature', { headers: { ...headers, 'callora-signature': `${headers['callora-signature']}00` } }],
  ])('refuses %s', async (_name, changes) => {
    expect(await check(changes)).toBe(false);
  });
});
