import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { type BareMove, createBareBook, spreadSweeps } from '../../src/store/bare-transfers.ts';
import type { RawDb } from '../../src/store/raw-db.ts';
import { openTestStore } from './rig.ts';

const sent = (id: string, amount: bigint, party = 'anyone'): BareMove => ({
  id,
  kind: 'transfer',
  amount: units(amount),
  party,
  txHash: `in ${id}`,
});
const swept = (txHash: string, amount: bigint, party = 'treasury'): BareMove => ({
  id: txHash,
  kind: 'swept',
  amount: units(amount),
  party,
  txHash,
});
const toMoves = (list: { sweep: boolean; amount: bigint; party: string }[]) =>
  list.map(({ sweep, amount, party }, index) => (sweep ? swept : sent)(`${100 + index}`, amount, party));
const told = (moves: BareMove[]) =>
  spreadSweeps(moves).transfers.map(({ id, left, sweptBy }) => [id, left, sweptBy.join(' ')]);

describe('a sweep of tokens that nobody owns', () => {
  it('took the transfer that it gives back to its sender to the unit, wherever that stands', () => {
    const moves = [sent('a', 30n), sent('b', 20n, 'bob'), sent('c', 20n), swept('x', 20n, 'bob')];
    expect(told(moves)).toEqual([
      ['c', 20n, ''],
      ['a', 30n, ''],
      ['b', 0n, 'x'],
    ]);
  });

  it('took the oldest otherwise, the last of them in part', () => {
    expect(told([sent('a', 30n), sent('b', 20n), swept('x', 10n), swept('y', 25n)])).toEqual([
      ['b', 15n, 'y'],
      ['a', 0n, 'x y'],
    ]);
  });

  it('took nothing of what came in after it', () => {
    expect(told([sent('a', 5n), swept('x', 9n), sent('b', 7n)])).toEqual([
      ['b', 7n, ''],
      ['a', 0n, 'x'],
    ]);
  });

  it('takes from the sum what it took from the transfers, and never more than was there', () => {
    const move = fc.record({ sweep: fc.boolean(), amount: fc.bigInt(1n, 9n), party: fc.constantFrom('a', 'b') });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (list) => {
        const moves = toMoves(list);
        let left = 0n;
        for (const { kind, amount } of moves) {
          left = kind === 'transfer' ? left + amount : left > amount ? left - amount : 0n;
        }
        const spread = spreadSweeps(moves);
        expect(spread.left).toBe(left);
        expect(spread.leftCount).toBe(spread.transfers.filter((each) => each.left > 0n).length);
        expect(spread.transfers.every((each) => each.left >= 0n)).toBe(true);
      }),
    );
  });
});

/** The book of a database, what its looks have read so far, and how a move comes into it. */
function bookRig() {
  const { store } = openTestStore();
  const { db } = store;
  const read = { rows: 0, texts: [] as string[] };
  const book = createBareBook({
    prepare(text: string) {
      const statement = db.prepare(text);
      read.texts.push(text);
      return {
        all(...parameters: unknown[]) {
          const rows = statement.all(...parameters);
          read.rows += rows.length;
          return rows;
        },
      };
    },
  } as Pick<RawDb, 'prepare'>);
  const insert = db.prepare(
    `INSERT INTO vault_events (id, ledger, closed_at_ms, tx_hash, kind, amount, data, applied)
     VALUES ($id, $ledger, 0, $txHash, $kind, $amount, $data, 0)`,
  );
  function come({ id, kind, amount, party, txHash }: BareMove, ledger: number): void {
    const data = JSON.stringify({ [kind === 'swept' ? 'to' : 'from']: party });
    insert.run({ id, ledger, txHash, kind, amount: Number(amount), data });
  }
  return { db, book, read, come };
}

describe('the book of what nobody owns', () => {
  it('reads what came since the last look, however much dust was sent before', () => {
    const { db, book, read, come } = bookRig();
    db.transaction(() => {
      for (let index = 0; index < 5_000; index++) come(sent(String(10_000 + index), 1n), index);
    })();
    expect(book.sums()).toEqual({ left: 5_000n, leftCount: 5_000, came: 5_000n, swept: 0n });
    read.rows = 0;
    for (let index = 0; index < 3; index++) {
      come(sent(String(20_000 + index), 2n), 6_000 + index);
      book.sums();
      book.newest(10);
    }
    expect([read.rows, book.sums().leftCount]).toEqual([3, 5_003]);
    // The rows behind it are found by their number, not looked through.
    const text = read.texts.find((each) => each.includes('rowid > ?'));
    const plan = db.prepare<[number], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`).all(1);
    expect(plan.map(({ detail }) => detail).join()).toContain('vault_events_set_aside (kind=? AND rowid>?)');
  });

  it('is what all of them come to in the order of the chain, in whatever order and however often it is looked at', () => {
    const move = fc.record({ sweep: fc.boolean(), amount: fc.bigInt(1n, 9n), party: fc.constantFrom('a', 'b') });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 15 }), fc.array(fc.nat(14)), fc.boolean(), (list, keys, looks) => {
        const { db, book, come } = bookRig();
        const moves = toMoves(list);
        const shuffled = moves.map((each, ledger) => ({ each, ledger, key: keys[ledger] ?? ledger }));
        for (const { each, ledger } of shuffled.sort((a, b) => a.key - b.key)) {
          come(each, ledger);
          if (looks) book.sums();
        }
        const whole = spreadSweeps(moves);
        expect({ ...book.sums(), transfers: book.newest(100) }).toEqual(whole);
        expect(book.newest(3)).toEqual(whole.transfers.slice(0, 3));
        expect(book.at(99)).toEqual(whole);
        db.close();
      }),
      { numRuns: 20 },
    );
  });
});
