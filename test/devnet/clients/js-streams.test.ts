import type { Horizon } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HorizonRig, startHorizonRig } from '../horizon/horizon-rig.ts';

/** Horizon's streams as the SDK follows them. */

let rig: HorizonRig;
beforeAll(async () => {
  rig = await startHorizonRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

type Followed = { paging_token: string };
type Stream = { stream(options: { onmessage(record: unknown): void }): () => void };

/** The first `count` records that a stream tells; it is left then. */
function firstOf<Told extends Followed>(builder: Stream, count: number): Promise<Told[]> {
  const { promise, resolve } = Promise.withResolvers<Told[]>();
  const told: Told[] = [];
  const stop = builder.stream({
    onmessage(record) {
      if (told.length === count) return;
      told.push(record as Told);
      if (told.length < count) return;
      stop();
      resolve(told);
    },
  });
  return promise;
}

describe('a stream', () => {
  it('of every kind tells what its pages hold', async () => {
    const [from, to] = [await rig.funded('s from'), await rig.funded('s to')];
    for (const amount of ['1', '2', '3']) await rig.pay(from, to, amount);
    const { horizon } = rig;
    const builders = () => [
      horizon.ledgers(),
      horizon.transactions().forAccount(to.publicKey()),
      horizon.operations().forAccount(to.publicKey()),
      horizon.payments().forAccount(to.publicKey()),
      horizon.effects().forAccount(to.publicKey()),
    ];
    const paged = await Promise.all(builders().map((builder) => builder.limit(4).call()));
    const streamed = await Promise.all(builders().map((builder) => firstOf(builder.cursor('0') as Stream, 4)));
    const tokens = (records: readonly Followed[]) => records.map(({ paging_token }) => paging_token);
    expect(streamed.map(tokens)).toEqual(paged.map(({ records }) => tokens(records)));
  });

  it('goes on by itself over the end of each connection, and tells each record once', async () => {
    const [from, to] = [await rig.funded('o from'), await rig.funded('o to')];
    for (const amount of ['1', '2', '3', '4', '5']) await rig.pay(from, to, amount);
    const builder = rig.horizon.payments().forAccount(to.publicKey()).cursor('0').limit(2);
    const told = await firstOf<Horizon.ServerApi.PaymentOperationRecord>(builder as Stream, 6);
    expect(told.map(({ amount }) => amount)).toEqual([undefined, ...[1, 2, 3, 4, 5].map((n) => `${n}.0000000`)]);
  });

  it('goes on after a connection that was cut', async () => {
    const [from, to] = [await rig.funded('cut from'), await rig.funded('cut to')];
    for (const amount of ['1', '2', '3']) await rig.pay(from, to, amount);
    rig.devnet.setFault('horizon.payments', { kind: 'cut', afterBytes: 3_000 }, { times: 1 });
    const builder = rig.horizon.payments().forAccount(to.publicKey()).cursor('0');
    const told = await firstOf<Horizon.ServerApi.PaymentOperationRecord>(builder as Stream, 4);
    expect(told.map(({ amount }) => amount)).toEqual([undefined, '1.0000000', '2.0000000', '3.0000000']);
  });

  it('gives a transaction with each payment when it is asked to join them', async () => {
    const [from, to] = [await rig.funded('j from'), await rig.funded('j to')];
    const { hash } = await rig.pay(from, to, '1');
    const builder = rig.horizon.payments().forAccount(to.publicKey()).join('transactions').cursor('0');
    const told = await firstOf<Followed & { transaction_attr?: { hash: string } }>(builder as Stream, 2);
    expect(told.at(-1)?.transaction_attr?.hash).toBe(hash);
  });
});
