import { nativeToScVal, Operation } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, startRig, usdcOf } from './rig.ts';
import { call as callOver } from './rpc/wire.ts';

/** What RPC refuses, and how it pages: the rules clients rely on. */

let rig: DevnetRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const call = (method: string, params?: unknown) => callOver(rig.devnet.rpcUrl, method, params);

describe('JSON-RPC', () => {
  it('takes null for a parameter as its absence, as clients of other languages send it', async () => {
    const pagination = { cursor: null, limit: null };
    const events = await call('getEvents', {
      startLedger: 1,
      endLedger: null,
      filters: null,
      xdrFormat: null,
      pagination,
    });
    expect(events.error).toBeUndefined();
    for (const method of ['getTransactions', 'getLedgers']) {
      expect((await call(method, { startLedger: 1, pagination, xdrFormat: null })).error).toBeUndefined();
    }
  });

  it('is open to every origin', async () => {
    const headers = { origin: 'https://example.com', 'access-control-request-headers': 'content-type' };
    const answer = await fetch(rig.devnet.rpcUrl, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-headers')).toBe('content-type');
  });

  it('says of an unknown transaction which ledgers it has looked through', async () => {
    const found = await rig.server.getTransaction('00'.repeat(32));
    expect(found).toMatchObject({
      status: 'NOT_FOUND',
      oldestLedger: 1,
      latestLedger: rig.devnet.latestLedger().sequence,
      latestLedgerCloseTime: String(rig.devnet.latestLedger().closeTimeS),
    });
  });
});

describe('getEvents', () => {
  const symbol = (text: string) => nativeToScVal(text, { type: 'symbol' }).toXdr('base64');

  async function twoTransfers() {
    const issuer = await rig.funded(`issuer at ${rig.devnet.latestLedger().sequence}`);
    const usdc = usdcOf(issuer);
    const startLedger = rig.devnet.latestLedger().sequence + 1;
    const holder = await rig.funded(`holder at ${rig.devnet.latestLedger().sequence}`);
    await rig.send(holder, Operation.changeTrust({ asset: usdc }));
    const pay = Operation.payment({ destination: holder.publicKey(), asset: usdc, amount: '1' });
    await rig.send(issuer, pay, pay);
    return { contract: usdc.contractId(rig.devnet.passphrase), startLedger };
  }

  it('pages by cursor to the end of what there is', async () => {
    const { contract, startLedger } = await twoTransfers();
    const filters = [{ contractIds: [contract] }];
    const first = await rig.server.getEvents({ startLedger, filters, limit: 1 });
    const second = await rig.server.getEvents({ cursor: first.cursor, filters, limit: 1 });
    const third = await rig.server.getEvents({ cursor: second.cursor, filters, limit: 1 });
    expect([first, second, third].map(({ events }) => events.length)).toEqual([1, 1, 0]);
    expect(first.events[0]?.id).toBe(first.cursor);
    expect(first.events[0]?.operationIndex).toBe(0);
    expect(second.events[0]?.operationIndex).toBe(1);
    const afterLast = await rig.server.getEvents({ cursor: third.cursor, filters });
    expect(afterLast.events).toEqual([]);
    const end = await rig.server.getEvents({ startLedger, endLedger: startLedger + 1, filters });
    expect(end.events).toEqual([]);
  });

  it('matches topics one by one, and any that follow only where it is told to', async () => {
    const { contract, startLedger } = await twoTransfers();
    const count = async (topics: string[][]) =>
      (await rig.server.getEvents({ startLedger, filters: [{ contractIds: [contract], topics }] })).events.length;
    expect(await count([['**']])).toBe(2);
    expect(await count([[symbol('mint'), '**']])).toBe(2);
    expect(await count([[symbol('mint'), '*', '*']])).toBe(2);
    expect(await count([[symbol('mint'), '*']])).toBe(0);
    expect(await count([[symbol('burn'), '**']])).toBe(0);
    expect(
      await count([
        [symbol('burn'), '**'],
        ['*', '*', '*'],
      ]),
    ).toBe(2);
  });

  it('refuses what the real server refuses', async () => {
    const refused = async (params: object) => (await call('getEvents', params)).error?.message;
    const latest = rig.devnet.latestLedger().sequence;
    expect(await refused({})).toBe('startLedger must be positive');
    expect(await refused({ startLedger: latest + 1 })).toBe(
      `startLedger must be within the ledger range: 1 - ${latest}`,
    );
    expect(await refused({ startLedger: 1, pagination: { cursor: '1-1' } })).toContain('cannot both be set');
    expect(await refused({ startLedger: 1, pagination: { limit: 10_001 } })).toBe('limit must not exceed 10000');
    const filters = (...list: object[]) => ({ startLedger: 1, filters: list });
    expect(await refused(filters({}, {}, {}, {}, {}, {}))).toBe('maximum 5 filters per request');
    expect(await refused(filters({ type: 'diagnostic' }))).toContain('filter 1 invalid');
    expect(await refused(filters({ contractIds: ['C1'] }))).toContain('contract ID 1 invalid');
    expect(await refused(filters({ topics: [[]] }))).toContain('at least 1 segment');
    expect(await refused(filters({ topics: [['**', '*']] }))).toContain('only allowed as the last segment');
    expect(await refused(filters({ topics: [['*', '*', '*', '*', '*']] }))).toContain('more than 4 segments');
  });
});

describe('a network with timed ledgers', () => {
  it('answers before the ledger and closes by itself', async () => {
    await using timed = await startRig({ closeMs: 50 });
    const who = await timed.funded('timed');
    const others = await Promise.all(['one', 'two', 'three'].map((name) => timed.funded(`timed ${name}`)));
    expect(others.length).toBe(3);
    const tx = await timed.build(who, [Operation.bumpSequence({ bumpTo: '0' })]);
    tx.sign(who);
    const { hash, status } = await timed.server.sendTransaction(tx);
    expect(status).toBe('PENDING');
    expect((await timed.server.pollTransaction(hash, { attempts: 20, sleepStrategy: () => 50 })).status).toBe(
      'SUCCESS',
    );
  });
});
