import { Asset, Operation } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, startRig } from '../rig.ts';
import { call, resultOf } from './wire.ts';

/** Whoever follows cursors sees everything once, however large the pages are and wherever they begin. */

type Item = Record<string, unknown>;
/** A page from a start or from after a cursor. */
type Ask = (from: { startLedger: number } | { cursor: string }, limit: number) => Promise<Item>;

let rig: DevnetRig;
beforeAll(async () => {
  rig = await startRig();
  const accounts = [await rig.funded('one'), await rig.funded('two'), await rig.funded('three')];
  await resultOf(rig.devnet.rpcUrl, 'devnet_freeze', { frozen: true });
  // Ledgers with two, none and one transaction, of one operation or of two.
  for (let ledger = 0; ledger < 6; ledger++) {
    for (const account of accounts.slice(0, [2, 0, 1][ledger % 3])) {
      const pay = Operation.payment({ destination: account.publicKey(), asset: Asset.native(), amount: '1' });
      const tx = await rig.build(account, ledger % 2 === 0 ? [pay] : [pay, pay]);
      tx.sign(account);
      await rig.server.sendTransaction(tx);
    }
    await rig.devnet.closeLedger();
  }
});
afterAll(() => rig[Symbol.asyncDispose]());

function asker(method: string): Ask {
  return (from, limit) => {
    const { startLedger, cursor } = { startLedger: undefined, cursor: undefined, ...from };
    return resultOf(rig.devnet.rpcUrl, method, { startLedger, pagination: { cursor, limit } });
  };
}

/** Follows cursors until a page has nothing; the ids of all that was seen. */
async function follow(ask: Ask, list: string, id: (item: Item) => unknown, startLedger: number, limits: number[]) {
  const seen: unknown[] = [];
  let page = await ask({ startLedger }, limits[0] ?? 1);
  for (let turn = 1; turn < TURNS_MAX; turn++) {
    const items = page[list] as Item[];
    seen.push(...items.map(id));
    if (items.length === 0) return { seen, cursor: page.cursor as string };
    page = await ask({ cursor: page.cursor as string }, limits[turn % limits.length] ?? 1);
  }
  throw new Error('the cursors never come to an end');
}

/** More pages than there are things to see: whoever needs more goes in circles. */
const TURNS_MAX = 100;
const LAST = 10;
const start = fc.integer({ min: 1, max: LAST });
const limits = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });

describe('pages', () => {
  it.each([
    ['getTransactions', 'transactions', ({ txHash }: Item) => txHash],
    ['getEvents', 'events', ({ id }: Item) => id],
  ])('of %s hold each item once, in order, and go on from the end when more comes', async (method, list, id) => {
    const ask = asker(method);
    await fc.assert(
      fc.asyncProperty(start, limits, async (startLedger, sizes) => {
        const all = (await ask({ startLedger }, 200))[list] as Item[];
        const { seen, cursor } = await follow(ask, list, id, startLedger, sizes);
        expect(seen).toEqual(all.map(id));
        expect((await ask({ cursor }, 200))[list]).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('of getLedgers hold each ledger once, and after the last there is none to ask for', async () => {
    const ask = asker('getLedgers');
    await fc.assert(
      fc.asyncProperty(start, fc.integer({ min: 1, max: 7 }), async (startLedger, limit) => {
        const seen: unknown[] = [];
        let page = await ask({ startLedger }, limit);
        for (;;) {
          seen.push(...(page.ledgers as Item[]).map(({ sequence }) => sequence));
          if (page.cursor === String(LAST)) break;
          page = await ask({ cursor: page.cursor as string }, limit);
        }
        expect(seen).toEqual(Array.from({ length: LAST - startLedger + 1 }, (_, index) => startLedger + index));
      }),
      { numRuns: 60 },
    );
    const beyond = await call(rig.devnet.rpcUrl, 'getLedgers', { pagination: { cursor: String(LAST) } });
    expect(beyond.error?.code).toBe(-32602);
  });

  it('of events take a cursor with or without its zeros', async () => {
    const ask = asker('getEvents');
    const first = await ask({ startLedger: 1 }, 2);
    const bare = String(first.cursor)
      .replace(/^0+/, '')
      .replace(/-0+(?=\d)/, '-');
    expect((await ask({ cursor: bare }, 3)).events).toEqual((await ask({ cursor: String(first.cursor) }, 3)).events);
  });

  it('of events of one contract are the same as those picked from all', async () => {
    const ask = (params: object) => resultOf(rig.devnet.rpcUrl, 'getEvents', { startLedger: 1, ...params });
    const native = Asset.native().contractId(rig.devnet.passphrase);
    const picked = ((await ask({})).events as Item[]).filter(({ contractId }) => contractId === native);
    expect(picked.length).toBeGreaterThan(10);
    for (let again = 0; again < 2; again++) {
      expect((await ask({ filters: [{ contractIds: [native] }] })).events).toEqual(picked);
    }
  });
});
