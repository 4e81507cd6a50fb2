import { nativeToScVal, Operation } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, startRig, usdcOf } from './rig.ts';

/** What RPC refuses, and how it pages: the rules clients rely on. */

let rig: DevnetRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

async function post(body: string): Promise<{ result?: unknown; error?: { code: number; message: string } }> {
  const answer = await fetch(rig.devnet.rpcUrl, { method: 'POST', body });
  return (await answer.json()) as { result?: unknown; error?: { code: number; message: string } };
}

async function call(method: string, params?: unknown) {
  return post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
}

describe('JSON-RPC', () => {
  it('names what is wrong with a request', async () => {
    expect((await post('{')).error?.code).toBe(-32700);
    expect((await post('{"id":1}')).error?.code).toBe(-32600);
    expect((await post('[]')).error?.code).toBe(-32600);
    expect((await call('mintMoney')).error?.code).toBe(-32601);
    expect((await call('constructor')).error?.code).toBe(-32601);
    expect((await call('getTransaction', { hash: 'abc' })).error?.code).toBe(-32602);
    expect((await call('getTransaction', ['abc'])).error?.code).toBe(-32602);
    expect((await call('sendTransaction', { transaction: 'AAAA' })).error).toMatchObject({ message: 'invalid_xdr' });
    expect((await call('getHealth', { xdrFormat: 'json' })).result).toBeDefined();
    expect((await call('getEvents', { startLedger: 1, xdrFormat: 'json' })).error?.code).toBe(-32602);
  });

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

  it('gives ledger entries by key, at most 200 at a time', async () => {
    const who = await rig.funded('entries');
    const { entries, latestLedger } = await rig.server.getLedgerEntries();
    expect(entries).toEqual([]);
    expect(latestLedger).toBe(rig.devnet.latestLedger().sequence);
    await expect(rig.server.getAccount(usdcOf(who).getIssuer() ?? '')).resolves.toBeDefined();
    const tooMany = await call('getLedgerEntries', { keys: Array.from({ length: 201 }, () => 'AAAA') });
    expect(tooMany.error?.message).toContain('exceeds maximum supported (200)');
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
