import { expect, it } from 'vitest';
import { readVaultFacts } from '../../src/deposits/vault-facts.ts';
import { units } from '../../src/money.ts';

const info = {
  admin: 'GA',
  operator: 'GO',
  token: 'CT',
  treasury: 'GT',
  config: {
    feeBps: 37,
    withdrawDelayS: 86_400,
    upgradeDelayS: 172_800,
    defaultLimit: units(2n ** 63n - 1n),
    limitPeriodS: 3_600,
    minDeposit: units(7n),
    lanes: 32,
  },
  paused: 0,
  pendingAdmin: undefined,
  pendingUpgrade: undefined,
  version: 1,
};

it('asks the chain once and starts from the database ever after, exact to the unit', async () => {
  const kept = new Map<string, string>();
  const meta = { get: (key: string) => kept.get(key), set: (key: string, value: string) => void kept.set(key, value) };
  const first = await readVaultFacts({ vault: { info: async () => info }, meta });
  const down = async () => Promise.reject(new Error('the network is down'));
  expect(await readVaultFacts({ vault: { info: down }, meta })).toEqual(first);
  expect(first).toEqual({ ...info.config, token: 'CT' });
});

it('does not start on a vault that nobody has ever read', async () => {
  const meta = { get: () => undefined, set: () => undefined };
  const down = async () => Promise.reject(new Error('the network is down'));
  await expect(readVaultFacts({ vault: { info: down }, meta })).rejects.toThrow('the network is down');
});
