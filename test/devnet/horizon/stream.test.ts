import { type Horizon, Keypair, Operation } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeClock } from '../../../src/clock.ts';
import { openStream } from './event-stream.ts';
import { type HorizonRig, startHorizonRig } from './horizon-rig.ts';

let rig: HorizonRig;
beforeAll(async () => {
  rig = await startHorizonRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const open = (path: string, headers?: Record<string, string>) => openStream(`${rig.devnet.horizonUrl}${path}`, headers);

describe('a stream of history', () => {
  it('says hello, tells each record with its token, and sends the client back at once after its limit', async () => {
    const [from, to] = [await rig.funded('stream from'), await rig.funded('stream to')];
    await using stream = await open(`/accounts/${to.publicKey()}/payments?limit=2`);
    expect(await stream.next()).toEqual({ retry: '1000', event: 'open', data: '"hello"' });
    const created = await stream.next();
    expect(JSON.parse(created?.data ?? '')).toMatchObject({ type: 'create_account', paging_token: created?.id });
    const { hash } = await rig.pay(from, to, '1');
    expect(JSON.parse((await stream.next())?.data ?? '')).toMatchObject({ transaction_hash: hash });
    expect(await stream.next()).toEqual({ retry: '10', event: 'close', data: '"byebye"' });
    expect(await stream.next()).toBeUndefined();
  });

  it('goes on after the last event that the client saw, whatever its address says', async () => {
    const [from, to] = [await rig.funded('resumed from'), await rig.funded('resumed to')];
    const [first, second] = [await rig.pay(from, to, '1'), await rig.pay(from, to, '2')];
    const token = (await rig.json(`/transactions/${first.hash}`)).paging_token;
    await using stream = await open(`/accounts/${to.publicKey()}/transactions?cursor=1`, {
      'last-event-id': String(token),
    });
    expect(JSON.parse((await stream.message())?.data ?? '')).toMatchObject({ hash: second.hash });
  });

  it('from now on tells nothing that was before', async () => {
    const [from, to] = [await rig.funded('now from'), await rig.funded('now to')];
    await rig.pay(from, to, '1');
    await using stream = await open(`/accounts/${to.publicKey()}/payments?cursor=now`);
    await stream.next();
    const { hash } = await rig.pay(from, to, '2');
    expect(JSON.parse((await stream.message())?.data ?? '')).toMatchObject({ transaction_hash: hash });
  });

  it('goes backwards when it is told to', async () => {
    const [from, to] = [await rig.funded('back from'), await rig.funded('back to')];
    await rig.pay(from, to, '1');
    await rig.pay(from, to, '2');
    await using stream = await open(`/accounts/${to.publicKey()}/payments?order=desc&limit=3`);
    const amounts = [await stream.message(), await stream.message(), await stream.message()].map((event) => {
      const { amount, starting_balance } = JSON.parse(event?.data ?? '');
      return amount ?? starting_balance;
    });
    expect(amounts).toEqual(['2.0000000', '1.0000000', '10000.0000000']);
  });

  it('however often it is left and taken up again tells what the pages hold, each record once', async () => {
    const [from, to] = [await rig.funded('walked from'), await rig.funded('walked to')];
    for (let amount = 1; amount <= 9; amount++) await rig.pay(from, to, String(amount));
    const path = `/accounts/${to.publicKey()}/payments`;
    const { _embedded } = await rig.json(`${path}?limit=200`);
    const tokens = _embedded.records.map((record) => record.paging_token);
    const visits = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: tokens.length, maxLength: tokens.length });
    await fc.assert(
      fc.asyncProperty(visits, async (limits) => {
        const seen: string[] = [];
        for (const limit of limits) {
          if (seen.length === tokens.length) break;
          const headers = { 'last-event-id': seen.at(-1) ?? '' };
          await using stream = await open(`${path}?limit=${limit}`, headers);
          for (let left = Math.min(limit, tokens.length - seen.length); left > 0; left--) {
            seen.push((await stream.message())?.id ?? 'the stream ended');
          }
        }
        expect(seen).toEqual(tokens);
      }),
      { numRuns: 40 },
    );
  });

  it('that cannot begin is answered as any other request', async () => {
    await expect(open(`/accounts/${Keypair.random().publicKey()}/payments`)).rejects.toThrow('404');
    await expect(open('/payments?limit=1000')).rejects.toThrow('invalid_field');
  });

  it('ends after 55 seconds', async () => {
    const clock = fakeClock(Date.now());
    await using slow = await startHorizonRig({ clock });
    await using stream = await openStream(`${slow.devnet.horizonUrl}/payments`);
    await stream.next();
    clock.advance(54_999);
    await slow.funded('late in the stream');
    expect((await stream.next())?.id).toBeDefined();
    clock.advance(1);
    expect(await stream.next()).toMatchObject({ event: 'close' });
  });
});

describe('a stream of an account', () => {
  it('tells it at once and whenever it has changed, and tells in the end that it is gone', async () => {
    const [who, other] = [await rig.funded('watched'), await rig.funded('unwatched')];
    await using stream = await open(`/accounts/${who.publicKey()}`);
    const balance = (data: string | undefined) => JSON.parse(data ?? '').balances[0].balance;
    const first = await stream.message();
    expect([first?.id, balance(first?.data)]).toEqual([undefined, '10000.0000000']);
    await rig.send(other, Operation.bumpSequence({ bumpTo: '0' }));
    await rig.pay(other, who, '1');
    expect(balance((await stream.message())?.data)).toBe('10001.0000000');
    await rig.send(who, Operation.accountMerge({ destination: other.publicKey() }));
    expect(await stream.next()).toEqual({ event: 'error', data: 'problem: not_found' });
    expect(await stream.next()).toBeUndefined();
  });

  it('reaches the stock client', async () => {
    const [who, other] = [await rig.funded('watched by the SDK'), await rig.funded('pays the watched')];
    const changed = Promise.withResolvers<string | undefined>();
    const stop = rig.horizon
      .accounts()
      .accountId(who.publicKey())
      .stream({
        onmessage(record) {
          const { balances } = record as unknown as Horizon.ServerApi.AccountRecord;
          if (balances[0]?.balance === '10000.0000000') rig.pay(other, who, '1').catch(changed.reject);
          else changed.resolve(balances[0]?.balance);
        },
      });
    expect(await changed.promise).toBe('10001.0000000');
    stop();
  });
});
