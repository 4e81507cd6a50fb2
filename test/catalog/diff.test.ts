import { describe, expect, it } from 'vitest';
import { diffConfig } from '../../src/catalog/diff.ts';
import type { Config } from '../../src/catalog/model.ts';
import { loadGood, vault, withApi, withRoutes } from './folder.ts';

const sections =
  'gateway: { listen: 127.0.0.1:1, public_url: https://a.example }\nstorage: { path: /a.db }\nwebhooks: []\n';

/** Loads twice with the same file name, so that only the text differs. */
function diff(old: string, next: string, env: Record<string, string> = {}) {
  const before = loadGood(old, { KEY: 'old' });
  const after: Config = { ...loadGood(next, { KEY: 'old', ...env }), file: before.file, tokens: before.tokens };
  return diffConfig(before, after);
}

describe('the difference of two catalogs', () => {
  const yaml = `${sections}${withRoutes({ 'GET /a': '1' }, 'price: "1"', `headers: { x-key: "\${KEY}" }`)}`;

  it('is empty for the same text', () => {
    expect(diff(yaml, yaml)).toEqual({ applied: [], restartNeeded: [] });
  });

  it.each([
    ['a price', 'price: "1"', 'price: "2"'],
    ['an upstream', ':9000', ':9001'],
    ['a mount', '/weather', '/wetter'],
    ['a route', 'GET /a', 'GET /b'],
    ['a charge rule', 'price: "1"', 'price: "1"\n    charge_on: [404]'],
  ])('applies %s', (_, from, to) => {
    expect(diff(yaml, yaml.replace(from, to))).toEqual({ applied: ['apis.weather'], restartNeeded: [] });
  });

  it('applies a new secret of an upstream without showing it', () => {
    const found = diff(yaml, yaml, { KEY: 'new-secret' });
    expect(found.applied).toEqual(['apis.weather']);
    expect(JSON.stringify(found)).not.toContain('new-secret');
  });

  it('names new and removed APIs', () => {
    expect(diff(yaml, yaml.replace('name: weather', 'name: sky')).applied).toEqual([
      'apis.sky (new)',
      'apis.weather (removed)',
    ]);
  });

  it.each([
    ['gateway.listen', '127.0.0.1:1', '127.0.0.1:2'],
    ['gateway.public_url', 'https://a.example', 'https://b.example'],
    ['gateway.limits.token_bytes_max', 'gateway: {', 'gateway: { limits: { token_bytes_max: 1KiB },'],
    ['storage.path', '/a.db', '/b.db'],
    ['stellar.rpc_url', 'https://rpc.example', 'https://rpc2.example'],
    ['stellar.vault', vault, 'CAS3J7GYLGXMF6TDJBBYYSE3HQ6BBSMLNUQ34T6TZMYMW2EVH34XOWMA'],
    [
      'webhooks',
      'webhooks: []',
      'webhooks: [{ name: ops, url: https://ops.example/, secret_file: ./secrets/admin.token }]',
    ],
  ])('leaves %s to a restart', (field, from, to) => {
    expect(diff(yaml, yaml.replace(from, to))).toEqual({ applied: [], restartNeeded: [field] });
  });

  it('leaves another network to a restart, and its explorer with it', () => {
    const { restartNeeded } = diff(yaml, yaml.replace('testnet', 'public'));
    expect(restartNeeded).toEqual(['stellar.network', 'stellar.explorer_url']);
  });

  it('applies limits of the listener', () => {
    const limited = yaml.replace('gateway: {', 'gateway: { limits: { calls_per_account_max: 7 }, cors_origins: [],');
    expect(diff(yaml, limited)).toEqual({
      applied: ['gateway.cors_origins', 'gateway.limits.calls_per_account_max'],
      restartNeeded: [],
    });
  });

  it('knows every setting of the Config', () => {
    const before = loadGood(withApi('price: "1"'));
    const leaves = Object.entries(before).flatMap(([section, values]) =>
      typeof values === 'object' && !['apis', 'routes', 'webhooks'].includes(section)
        ? Object.keys(values).map((key) => [section, key] as const)
        : [],
    );
    expect(leaves.length).toBeGreaterThan(25);
    for (const [section, key] of leaves.filter(([, name]) => name !== 'limits')) {
      const changed = { ...before, [section]: { ...Reflect.get(before, section), [key]: 'changed' } };
      const { applied, restartNeeded } = diffConfig(before, changed);
      expect([...applied, ...restartNeeded], `${section}.${key}`).toHaveLength(1);
    }
    for (const [name, value] of Object.entries(before.gateway.limits)) {
      const limits = { ...before.gateway.limits, [name]: value + 1 };
      const { applied, restartNeeded } = diffConfig(before, { ...before, gateway: { ...before.gateway, limits } });
      expect([...applied, ...restartNeeded], name).toHaveLength(1);
    }
  });
});
