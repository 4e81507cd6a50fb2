import { describe, expect, it } from 'vitest';
import { depositSeed, load, loadGood, problemsOf, seed, withApi } from './folder.ts';

const good = withApi('price: "1"');
const withHorizon = good.replace('network: testnet', 'network: testnet\n  horizon_url: https://horizon.example');

function messages(yaml: string, env: Record<string, string> = {}): string[] {
  return problemsOf(yaml, env).map((problem) => `${problem.field} ${problem.message}`);
}

describe('the identity of the gateway', () => {
  it('is derived from the operator unless it has a seed of its own', () => {
    expect(loadGood(good).gateway.identitySecret).toBe(seed);
    const own = `gateway: { identity_secret_file: ./secrets/deposit.seed }\n${good}`;
    expect(loadGood(own).gateway.identitySecret).toBe(depositSeed);
  });

  it('is no other kind of secret', () => {
    const wrong = `gateway: { identity_secret_file: ./secrets/admin.token }\n${good}`;
    expect(messages(wrong)).toEqual(['gateway has a secret that is no Stellar seed (identity_secret)']);
  });
});

describe('classic deposits', () => {
  it('are off without their section, and take 1 USDC and more with it', () => {
    expect(loadGood(good).deposits.classic).toBeUndefined();
    const on = `deposits: { classic: { secret_file: ./secrets/deposit.seed } }\n${withHorizon}`;
    expect(loadGood(on).deposits.classic).toEqual({ secret: depositSeed, minUnits: 10_000_000n });
  });

  it('need a Horizon server, and a key that is not the operator’s', () => {
    const section = 'deposits: { classic: { secret_file: ./secrets/deposit.seed } }\n';
    expect(messages(section + good)).toEqual(['stellar.horizon_url is missing, and deposits.classic needs it']);
    const operators = section.replace('deposit.seed', 'operator.seed') + withHorizon;
    expect(messages(operators)).toEqual(["deposits.classic has the operator's own key"]);
  });
});

describe('webhooks', () => {
  const webhook = (...lines: string[]) =>
    `webhooks:\n  - { name: ops, secret: "\${HOOK}", ${lines.join(', ')} }\n${good}`;
  const env = { HOOK: 'sixteen-characters' };

  it('tell of everything unless they choose', () => {
    const all = loadGood(webhook('url: https://ops.example/in'), env).webhooks;
    expect(all).toMatchObject([{ name: 'ops', url: 'https://ops.example/in', secret: env.HOOK, allowPrivate: false }]);
    expect(all[0]?.events).toContain('invariant.broken');
    const some = loadGood(webhook('url: https://ops.example/in', 'events: [balance.low]'), env).webhooks;
    expect(some[0]?.events).toEqual(['balance.low']);
  });

  it.each([
    ['url: http://ops.example/', 'webhooks[0].url is not https'],
    ['url: https://ops.example/, events: [all]', 'webhooks[0].events[0] is not one of these'],
    ['url: https://ops.example/, retries: 3', 'webhooks[0].retries is not a known key'],
  ])('refuse %s', (line, message) => {
    expect(messages(webhook(line), env).join()).toContain(message);
  });

  it('refuse a secret that could be guessed, one in the file, and two endpoints of one name', () => {
    expect(messages(webhook('url: https://ops.example/'), { HOOK: 'short' })).toEqual([
      'webhooks[0] has a secret that could be guessed',
    ]);
    const written = webhook('url: https://ops.example/').replace(`"\${HOOK}"`, 'sixteen-characters');
    expect(messages(written).join()).toContain('is written into the file');
    const twice = `webhooks:
  - { name: ops, url: https://a.example, secret: "\${HOOK}" }
  - { name: ops, url: https://b.example, secret: "\${HOOK}" }
${good}`;
    expect(messages(twice, env).join()).toContain('webhooks[1].name collides');
  });
});

describe('the explorer', () => {
  it('is known for the public networks, and none for another until it is named', () => {
    expect(loadGood(good).stellar.explorerUrl).toContain('testnet');
    const custom = good.replace('network: testnet', 'network: Standalone Network ; February 2017');
    expect(loadGood(custom).stellar.explorerUrl).toBeUndefined();
    const named = custom.replace('rpc_url', 'explorer_url: "http://x.example/{hash}"\n  rpc_url');
    expect(loadGood(named).stellar.explorerUrl).toBe('http://x.example/{hash}');
    expect(load(named.replace('{hash}', 'tx')).ok).toBe(false);
  });
});

it('a signed context and the access log have a switch', () => {
  expect(loadGood(good)).toMatchObject({ log: { access: true }, apis: [{ signedContext: false }] });
  const switched = `log: { access: false }\n${withApi('price: "1"', 'signed_context: true')}`;
  expect(loadGood(switched)).toMatchObject({ log: { access: false }, apis: [{ signedContext: true }] });
});
