import { Horizon, Operation } from '@stellar/stellar-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, startRig } from './rig.ts';

let rig: DevnetRig;
beforeAll(async () => {
  rig = await startRig();
});
afterEach(() => rig.devnet.clearFaults());
afterAll(() => rig[Symbol.asyncDispose]());

async function signedBump(name: string) {
  const who = await rig.funded(name);
  const tx = await rig.build(who, [Operation.bumpSequence({ bumpTo: '0' })]);
  tx.sign(who);
  return tx;
}

const hashOf = (tx: { hash(): Uint8Array }) => Buffer.from(tx.hash()).toString('hex');

describe('a fault', () => {
  it('refuses a request before it takes effect', async () => {
    const tx = await signedBump('refused');
    rig.devnet.setFault('sendTransaction', { kind: 'refuse' }, { times: 1 });
    const before = rig.devnet.latestLedger().sequence;
    await expect(rig.server.sendTransaction(tx)).rejects.toThrow();
    expect(rig.devnet.latestLedger().sequence).toBe(before);
    expect((await rig.server.sendTransaction(tx)).status).toBe('PENDING');
  });

  it('loses the reply of a request that took effect', async () => {
    const tx = await signedBump('lost');
    rig.devnet.setFault('sendTransaction', { kind: 'drop-reply-after-apply' }, { times: 1 });
    await expect(rig.server.sendTransaction(tx)).rejects.toThrow();
    expect((await rig.server.getTransaction(hashOf(tx))).status).toBe('SUCCESS');
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
    rig.devnet.setFault('horizon', { kind: 'error', message: 'out of order' }, { times: 1 });
    expect((await fetch(rig.devnet.horizonUrl)).status).toBe(500);
    expect((await fetch(rig.devnet.horizonUrl)).status).toBe(200);
    rig.devnet.setFault('horizon', { kind: 'refuse' }, { times: 1 });
    await expect(fetch(rig.devnet.horizonUrl)).rejects.toThrow();
  });

  it('of the narrowest target that fits is the one that is met', async () => {
    rig.devnet.setFault('*', { kind: 'error', message: 'all' });
    rig.devnet.setFault('rpc', { kind: 'error', message: 'rpc' });
    rig.devnet.setFault('getHealth', { kind: 'error', message: 'health' });
    await expect(rig.server.getHealth()).rejects.toMatchObject({ message: 'health' });
    await expect(rig.server.getNetwork()).rejects.toMatchObject({ message: 'rpc' });
    expect(await (await fetch(rig.devnet.horizonUrl)).json()).toMatchObject({ detail: 'all' });
  });

  it('that every third request meets leaves the other two alone', async () => {
    rig.devnet.setFault('getHealth', { kind: 'error', message: 'one bad server of three' }, { every: 3 });
    const outcomes: boolean[] = [];
    for (let call = 0; call < 6; call++) {
      outcomes.push(
        await rig.server.getHealth().then(
          () => true,
          () => false,
        ),
      );
    }
    expect(outcomes).toEqual([true, true, false, true, true, false]);
  });

  it('of HTTP answers in place of the server, as a proxy before it does', async () => {
    const headers = { 'retry-after': '7', 'content-type': 'text/html' };
    for (const url of [rig.devnet.rpcUrl, rig.devnet.horizonUrl]) {
      rig.devnet.setFault('*', { kind: 'http', status: 429, headers, body: '<html>slow down</html>' }, { times: 1 });
      const answer = await post(url);
      expect(answer.status).toBe(429);
      expect(answer.headers.get('retry-after')).toBe('7');
      expect(await answer.text()).toBe('<html>slow down</html>');
    }
  });

  it('cuts an answer after so many bytes, and what was asked for has happened', async () => {
    const tx = await signedBump('cut');
    rig.devnet.setFault('sendTransaction', { kind: 'cut', afterBytes: 10 }, { times: 1 });
    await expect(rig.server.sendTransaction(tx)).rejects.toThrow();
    expect((await rig.server.getTransaction(hashOf(tx))).status).toBe('SUCCESS');
    rig.devnet.setFault('horizon', { kind: 'cut', afterBytes: 0 }, { times: 1 });
    const answer = await fetch(rig.devnet.horizonUrl);
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  it('cuts a stream in the middle of a record', async () => {
    rig.devnet.setFault('horizon', { kind: 'cut', afterBytes: 120 }, { times: 1 });
    const answer = await fetch(`${rig.devnet.horizonUrl}/transactions`, { headers: { accept: 'text/event-stream' } });
    const reader = answer.body?.getReader();
    let text = '';
    await expect(
      (async () => {
        for (;;) {
          const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
          if (done) return;
          text += Buffer.from(value ?? []).toString();
        }
      })(),
    ).rejects.toThrow();
    expect(Buffer.byteLength(text)).toBe(120);
    expect(text).toContain('"hello"');
  });
});

describe('a server that lags', () => {
  it('tells of an older ledger in everything it says, and passes on what is sent to it', async () => {
    const who = await rig.funded('lagging');
    const { sequence } = rig.devnet.latestLedger();
    await rig.send(who, Operation.manageData({ name: 'colour', value: 'red' }));
    const tx = await rig.build(who, [Operation.manageData({ name: 'colour', value: 'blue' })]);
    tx.sign(who);
    rig.devnet.setFault('*', { kind: 'lag', ledgers: 1 });
    expect((await rig.server.getLatestLedger()).sequence).toBe(sequence);
    const horizon = new Horizon.Server(rig.devnet.horizonUrl, { allowHttp: true });
    const data = async () => (await horizon.loadAccount(who.publicKey())).data_attr;
    expect(await data()).toEqual({});
    expect((await rig.server.sendTransaction(tx)).status).toBe('PENDING');
    const unseen = await rig.server.getTransaction(hashOf(tx));
    expect(unseen).toMatchObject({ status: 'NOT_FOUND', latestLedger: sequence + 1 });
    expect(await data()).toEqual({ colour: Buffer.from('red').toString('base64') });
    await rig.devnet.closeLedger();
    expect((await rig.server.getTransaction(hashOf(tx))).status).toBe('SUCCESS');
    expect(await data()).toEqual({ colour: Buffer.from('blue').toString('base64') });
  });

  it('once in a while makes a client see time go backwards', async () => {
    rig.devnet.setFault('getLatestLedger', { kind: 'lag', ledgers: 2 }, { every: 2 });
    const seen = [1, 2, 3].map(async () => (await rig.server.getLatestLedger()).sequence);
    const [first = 0, second, third] = await Promise.all(seen);
    expect([second, third]).toEqual([first - 2, first]);
  });
});

describe('a server of another network', () => {
  it('names its passphrase, and no signature made for this one is good there', async () => {
    const tx = await signedBump('elsewhere');
    rig.devnet.setFault('*', { kind: 'passphrase', passphrase: 'Another Network ; 2020' });
    expect((await rig.server.getNetwork()).passphrase).toBe('Another Network ; 2020');
    const root = await (await fetch(rig.devnet.horizonUrl)).json();
    expect(root).toMatchObject({ network_passphrase: 'Another Network ; 2020' });
    const answer = await rig.server.sendTransaction(tx);
    expect(answer.status).toBe('ERROR');
    expect(answer.errorResult?.result.type).toBe('txBadAuth');
    expect(answer.hash).not.toBe(hashOf(tx));
    rig.devnet.clearFaults();
    expect((await rig.server.sendTransaction(tx)).status).toBe('PENDING');
  });
});

function post(url: string): Promise<Response> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getHealth' });
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}
