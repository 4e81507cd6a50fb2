import { Operation } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, startRig } from './rig.ts';

let rig: DevnetRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

describe('a fault', () => {
  it('refuses a request before it takes effect', async () => {
    const who = await rig.funded('refused');
    const tx = await rig.build(who, [Operation.bumpSequence({ bumpTo: '0' })]);
    tx.sign(who);
    rig.devnet.setFault('sendTransaction', { kind: 'refuse' }, 1);
    const before = rig.devnet.latestLedger().sequence;
    await expect(rig.server.sendTransaction(tx)).rejects.toThrow();
    expect(rig.devnet.latestLedger().sequence).toBe(before);
    expect((await rig.server.sendTransaction(tx)).status).toBe('PENDING');
  });

  it('loses the reply of a request that took effect', async () => {
    const who = await rig.funded('lost');
    const tx = await rig.build(who, [Operation.bumpSequence({ bumpTo: '0' })]);
    tx.sign(who);
    rig.devnet.setFault('sendTransaction', { kind: 'drop-reply-after-apply' }, 1);
    await expect(rig.server.sendTransaction(tx)).rejects.toThrow();
    expect((await rig.server.getTransaction(Buffer.from(tx.hash()).toString('hex'))).status).toBe('SUCCESS');
  });

  it('answers an error of the given code until it is ended', async () => {
    rig.devnet.setFault('getHealth', { kind: 'error', message: 'data stores are not initialized', code: -32603 });
    for (let call = 0; call < 2; call++) {
      await expect(rig.server.getHealth()).rejects.toMatchObject({ code: -32603 });
    }
    rig.devnet.setFault('getHealth', undefined);
    expect((await rig.server.getHealth()).status).toBe('healthy');
  });

  it('meets Horizon by its own name', async () => {
    rig.devnet.setFault('horizon', { kind: 'error', message: 'out of order' }, 1);
    expect((await fetch(rig.devnet.horizonUrl)).status).toBe(500);
    expect((await fetch(rig.devnet.horizonUrl)).status).toBe(200);
    rig.devnet.setFault('horizon', { kind: 'refuse' }, 1);
    await expect(fetch(rig.devnet.horizonUrl)).rejects.toThrow();
  });
});
