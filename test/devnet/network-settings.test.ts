import { xdr } from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import { costRows } from '../../src/devnet/cost-parameters.ts';
import { networkProfiles } from '../../src/devnet/network-profiles.ts';
import { networkSettings } from '../../src/devnet/network-settings.ts';
import { startRig } from './rig.ts';
import { resultOf } from './rpc/wire.ts';

const settings = networkSettings(networkProfiles.pubnet).map(({ key, entry }) => ({
  key: xdr.LedgerKey.fromXdr(key),
  data: xdr.LedgerEntry.fromXdr(entry).data,
}));

function setting<Type extends xdr.ConfigSettingEntry['type']>(type: Type) {
  const found = settings.find(({ data }) => data.type === 'configSetting' && data.configSetting.type === type);
  if (found?.data.type !== 'configSetting') throw new Error(`no ${type}`);
  return found.data.configSetting as Extract<xdr.ConfigSettingEntry, { type: Type }>;
}

describe('the network settings', () => {
  it('lie under the key that names them, each once', () => {
    const names = settings.map(({ key, data }) => {
      if (key.type !== 'configSetting' || data.type !== 'configSetting') throw new Error('not a setting');
      expect(xdr.ConfigSettingId[data.configSetting.type].value).toBe(key.configSetting.configSettingId.value);
      return data.configSetting.type;
    });
    expect(new Set(names).size).toBe(names.length);
  });

  it('have a cost for every kind of work, in the order the protocol numbers them', () => {
    const upperFirst = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
    const numbered = Object.values(xdr.ContractCostType)
      .filter((value): value is xdr.ContractCostType => typeof value?.value === 'number')
      .sort((a, b) => a.value - b.value)
      .map((value) => upperFirst(value.name));
    expect(costRows.map(([name]) => name)).toEqual(numbered);
  });

  it('take the public network’s costs where they differ from the host’s own', () => {
    const cpu = setting('configSettingContractCostParamsCpuInstructions').value;
    const row = costRows.findIndex(([name]) => name === 'VerifyEd25519Sig');
    expect(cpu[row]).toMatchObject({ constTerm: 377_551n, linearTerm: 4_059n });
    const untouched = costRows.findIndex(([name]) => name === 'MemAlloc');
    expect(cpu[untouched]).toMatchObject({ constTerm: 434n, linearTerm: 16n });
  });

  it('limit a transaction as the public network does', () => {
    const { txMaxWriteLedgerEntries, txMaxWriteBytes } = setting('configSettingContractLedgerCostV0').value;
    expect([txMaxWriteLedgerEntries, txMaxWriteBytes]).toEqual([200, 132_096]);
    expect(setting('configSettingContractComputeV0').value.txMaxInstructions).toBe(400_000_000n);
  });

  it('are all that a ledger of this protocol has', () => {
    const kept = settings.map(({ data }) => (data.type === 'configSetting' ? data.configSetting.type : ''));
    // Changes of the frozen keys are told in upgrades and never kept.
    const deltas = ['configSettingFrozenLedgerKeysDelta', 'configSettingFreezeBypassTxsDelta'];
    const all = Object.keys(xdr.ConfigSettingId).filter((name) => name.startsWith('configSetting'));
    expect([...kept, ...deltas].sort()).toEqual([...all].sort());
  });

  it('of the smaller profile allow less and cost more', () => {
    const { pubnet, testnet } = networkProfiles;
    const { txInstructions, txWriteEntries, txFootprintEntries } = testnet.limits;
    expect([txInstructions, txWriteEntries, txFootprintEntries]).toEqual([100_000_000, 50, 100]);
    for (const [rate, stroops] of Object.entries(testnet.rates)) {
      expect(stroops, rate).toBeGreaterThan(pubnet.rates[rate as keyof typeof pubnet.rates]);
    }
    const written = networkSettings(testnet).map(({ entry }) => Buffer.from(entry).toString('hex'));
    const usual = networkSettings(pubnet).map(({ entry }) => Buffer.from(entry).toString('hex'));
    expect(written.filter((entry) => !usual.includes(entry)).length).toBe(8);
  });
});

describe('a network of smaller limits', () => {
  it('gives out every setting to whoever looks it up, with no end to its life', async () => {
    await using rig = await startRig({ limits: 'testnet' });
    const written = networkSettings(networkProfiles.testnet);
    const keys = written.map(({ key }) => Buffer.from(key).toString('base64'));
    const { entries } = (await resultOf(rig.devnet.rpcUrl, 'getLedgerEntries', { keys })) as {
      entries: { key: string; xdr: string; liveUntilLedgerSeq?: number }[];
    };
    expect(entries.map(({ key }) => key).sort()).toEqual([...keys].sort());
    for (const { key, entry } of written) {
      const found = entries.find((one) => one.key === Buffer.from(key).toString('base64'));
      expect(found?.xdr).toBe(xdr.LedgerEntry.fromXdr(entry).data.toXdr('base64'));
      expect(found).not.toHaveProperty('liveUntilLedgerSeq');
    }
  });
});
