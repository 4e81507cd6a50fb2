import { Operation } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from './event-stream.ts';
import { type HorizonRig, startHorizonRig } from './horizon-rig.ts';

let rig: HorizonRig;
beforeAll(async () => {
  rig = await startHorizonRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

describe('ledgers', () => {
  it('are paged both ways without a gap, as far as they are kept', async () => {
    await rig.order('devnet_mine', { ledgers: 12 });
    const { sequence } = rig.devnet.latestLedger();
    const all = Array.from({ length: sequence }, (_, at) => at + 1);
    for (const order of ['asc', 'desc'] as const) {
      const seen: number[] = [];
      let page = await rig.horizon.ledgers().order(order).limit(5).call();
      for (;;) {
        seen.push(...page.records.map((ledger) => ledger.sequence));
        // Going back from the oldest ledger is going before all that is kept, here as on every Horizon.
        if (page.records.length < 5 || seen.at(-1) === (order === 'asc' ? sequence : 1)) break;
        page = await page.next();
      }
      expect(seen).toEqual(order === 'asc' ? all : all.toReversed());
    }
    const [newest] = (await rig.horizon.ledgers().order('desc').limit(1).call()).records;
    expect(newest).toMatchObject({ sequence, base_fee_in_stroops: 100 });
  });

  it('are followed as they close', async () => {
    await using stream = await openStream(`${rig.devnet.horizonUrl}/ledgers?cursor=now`);
    await stream.next();
    const { sequence, hash } = await rig.devnet.closeLedger();
    expect(JSON.parse((await stream.message())?.data ?? '')).toMatchObject({ sequence, hash });
  });

  it('hold the transactions, operations and payments that are asked for by their number', async () => {
    const [from, to] = [await rig.funded('ledger from'), await rig.funded('ledger to')];
    const { ledger, hash } = await rig.pay(from, to, '1');
    const { horizon } = rig;
    expect((await horizon.transactions().forLedger(ledger).call()).records).toMatchObject([{ hash }]);
    expect((await horizon.payments().forLedger(ledger).call()).records).toMatchObject([{ transaction_hash: hash }]);
    expect(
      (
        await horizon
          .operations()
          .forLedger(ledger - 1)
          .call()
      ).records,
    ).toMatchObject([{ account: to.publicKey() }]);
    expect((await horizon.operations().forLedger(1).call()).records).toEqual([]);
    const record = (await horizon.ledgers().ledger(ledger).call()) as unknown as { _links: Record<string, unknown> };
    expect(record._links.payments).toEqual({
      href: `${rig.devnet.horizonUrl}/ledgers/${ledger}/payments{?cursor,limit,order}`,
      templated: true,
    });
  });

  it('that are none, that are gone and that are yet to come are told apart', async () => {
    await rig.order('devnet_mine', { ledgers: 20 });
    await rig.order('devnet_prune', { keepLedgers: 10 });
    const { sequence } = rig.devnet.latestLedger();
    expect(await rig.json('/ledgers/first')).toMatchObject({ status: 400, extras: { invalid_field: 'ledger_id' } });
    expect(await rig.json('/ledgers/0')).toMatchObject({
      status: 410,
      title: 'Data Requested Is Before Recorded History',
    });
    expect((await rig.get('/ledgers/1')).status).toBe(410);
    expect((await rig.get(`/ledgers/${sequence + 1}`)).status).toBe(404);
    expect((await rig.get(`/ledgers/${sequence + 1}/payments`)).status).toBe(404);
    const { _embedded } = await rig.json('/ledgers?cursor=1&limit=1');
    const { history_elder_ledger } = await rig.json('/');
    expect(_embedded.records).toMatchObject([{ sequence: history_elder_ledger }]);
    expect((await rig.get('/ledgers?cursor=1&order=desc')).status).toBe(410);
    expect((await rig.get('/operations/4294967297')).status).toBe(410);
  });
});

describe('one of its kind', () => {
  it('is refused with the reason when its name is none', async () => {
    const reason = async (path: string) => (await rig.json(path)).extras;
    expect(await reason(`/transactions/${'A'.repeat(64)}`)).toMatchObject({ invalid_field: 'tx_id' });
    expect(await reason('/operations/x')).toMatchObject({ invalid_field: 'id' });
    expect(await reason('/accounts/GX')).toMatchObject({
      invalid_field: 'account_id',
      reason: 'Account ID must start with `G` and contain 56 alphanum characters',
    });
  });

  it('brings its transaction along when it is asked to', async () => {
    const [from, to] = [await rig.funded('joined from'), await rig.funded('joined to')];
    const { hash } = await rig.pay(from, to, '1');
    const [operation] = (await rig.horizon.operations().forTransaction(hash).call()).records;
    expect(await rig.json(`/operations/${operation?.id}?join=transactions`)).toMatchObject({
      id: operation?.id,
      transaction: { hash },
    });
    expect((await rig.get(`/operations/${BigInt(operation?.id ?? 0) + 1n}`)).status).toBe(404);
    expect(await rig.json('/operations?join=ledgers')).toMatchObject({
      extras: { reason: 'Accepted values: transactions' },
    });
  });
});

describe('the operations of a transaction', () => {
  it('are shown when it failed, whereas other lists leave them out until they are asked to', async () => {
    const [from, to] = [await rig.funded('failing'), await rig.funded('never paid')];
    await rig.order('devnet_failTransactions', { count: 1 });
    const tx = await rig.signedPayment(from, to, '1');
    await rig.horizon.submitTransaction(tx).catch(() => undefined);
    const hash = Buffer.from(tx.hash()).toString('hex');
    const shown = async (path: string) =>
      (await rig.json(path))._embedded.records.map((record) => record.transaction_hash);
    expect(await shown(`/transactions/${hash}/payments`)).toEqual([hash]);
    expect(await shown(`/accounts/${from.publicKey()}/payments?order=desc&limit=1`)).not.toContain(hash);
    expect(await shown(`/accounts/${from.publicKey()}/payments?include_failed=true&order=desc&limit=1`)).toEqual([
      hash,
    ]);
  });
});

describe('a data entry', () => {
  it('is a document, bare bytes or a stream, as the client accepts', async () => {
    const who = await rig.funded('keeper of data');
    const set = (value: string) => rig.send(who, Operation.manageData({ name: 'a name/1', value }));
    await set('first');
    const path = `/accounts/${who.publicKey()}/data/${encodeURIComponent('a name/1')}`;
    expect(await rig.json(path)).toEqual({ value: Buffer.from('first').toString('base64') });
    const bytes = await rig.get(path, { accept: 'application/octet-stream' });
    expect([bytes.headers.get('content-type'), await bytes.text()]).toEqual(['application/octet-stream', 'first']);
    await using stream = await openStream(`${rig.devnet.horizonUrl}${path}`);
    await stream.message();
    await set('second');
    expect(JSON.parse((await stream.message())?.data ?? '')).toEqual({
      value: Buffer.from('second').toString('base64'),
    });
    expect((await rig.get(`/accounts/${who.publicKey()}/data/none`)).status).toBe(404);
    expect((await rig.get(`/accounts/${who.publicKey()}/data/${'x'.repeat(65)}`)).status).toBe(400);
  });
});
