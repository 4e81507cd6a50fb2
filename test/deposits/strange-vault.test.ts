import { expect, it } from 'vitest';
import { askUnderstood } from '../../src/deposits/strange-vault.ts';
import { ContractViewError } from '../../src/stellar/contract-view.ts';
import { RpcError } from '../../src/stellar/json-rpc.ts';
import { ScriptedSource } from './scripted-source.ts';

const { vault } = new ScriptedSource();
const asked = (info: typeof vault.info) => askUnderstood({ info }, 0);

it('a vault is understood in the version this program was written for, and in no other', async () => {
  const info = await vault.info();
  expect(await asked(async () => info)).toBe(info);
  const next = asked(async () => ({ ...info, version: 2 }));
  await expect(next).rejects.toMatchObject({
    name: 'StrangeVaultError',
    message: expect.stringContaining('version 2'),
  });
});

it('a vault that cannot be asked is not a strange one', async () => {
  const down = asked(() => Promise.reject(new RpcError('transport', 'the network is down')));
  await expect(down).rejects.toMatchObject({ name: 'RpcError' });
  const mute = asked(() => Promise.reject(new ContractViewError('config', 'HostError: MissingValue')));
  await expect(mute).rejects.toMatchObject({ name: 'StrangeVaultError' });
});
