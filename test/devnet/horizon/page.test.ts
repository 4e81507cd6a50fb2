import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cursorText, pageOf, pairPosition, readHistoryPage, type Tokens } from '../../../src/devnet/horizon/page.ts';
import { HorizonRefusal } from '../../../src/devnet/horizon/problem.ts';
import type { HorizonView } from '../../../src/devnet/horizon/view.ts';
import { toid } from '../../../src/devnet/ledger/records.ts';

const view: HorizonView = { latest: 40, oldest: 10, passphrase: 'Test' };

function read(query: string, tokens: Tokens = 'toid') {
  const params = new URLSearchParams(query);
  return readHistoryPage(params, cursorText(params, view, undefined), view, tokens);
}

function refusal(query: string): unknown {
  try {
    read(query);
  } catch (error) {
    if (error instanceof HorizonRefusal) return error.problem;
    throw error;
  }
  return undefined;
}

describe('a page', () => {
  it('refuses what it cannot read with the reason that Horizon gives', () => {
    const reasons = {
      'order=up': ['order', 'order: invalid value'],
      'limit=x': ['limit', 'unparseable value'],
      'limit=0': ['limit', 'invalid limit: non-positive value provided'],
      'limit=-3': ['limit', 'invalid limit: non-positive value provided'],
      'limit=201': ['limit', 'invalid limit: value provided that is over limit max of 200'],
      'cursor=x': ['cursor', 'invalid value'],
      'cursor=1-': ['cursor', 'invalid value'],
      'cursor=9223372036854775808': ['cursor', 'invalid value'],
      'cursor=-1': ['cursor', 'the cursor -1 is a negative number: '],
    };
    for (const [query, [field, reason]] of Object.entries(reasons)) {
      expect([query, refusal(query)]).toMatchObject([query, { status: 400, extras: { invalid_field: field, reason } }]);
    }
  });

  it('that goes back from before all that is kept is gone; one that goes on begins with the oldest', () => {
    for (const cursor of ['0', String(toid(10, 0, 0)), String(toid(9, 3, 1))]) {
      expect(refusal(`order=desc&cursor=${cursor}`)).toMatchObject({ status: 410, name: 'before_history' });
      const items = [toid(8, 1, 1), toid(10, 1, 1), toid(11, 1, 1)];
      expect(pageOf(items, (id) => id, read(`cursor=${cursor}`))).toEqual(items.slice(1));
    }
    expect(refusal(`order=desc&cursor=${toid(10, 0, 0) + 1n}`)).toBeUndefined();
  });

  it('shows nothing newer than the view', () => {
    const items = [toid(40, 1, 1), toid(41, 1, 1)];
    for (const order of ['asc', 'desc']) expect(pageOf(items, (id) => id, read(`order=${order}`))).toEqual([items[0]]);
  });

  it('after a bare number begins behind all that is in it', () => {
    const id = toid(20, 1, 1);
    const items = [pairPosition(id, 1n), pairPosition(id, 2n), pairPosition(toid(21, 1, 1), 1n)];
    const page = (query: string) => pageOf(items, (position) => position, read(query, 'pair'));
    expect(page(`cursor=${id}`)).toEqual(items.slice(2));
    expect(page(`cursor=${id}-1`)).toEqual(items.slice(1));
    expect(page(`cursor=${id}-2&order=desc`)).toEqual(items.slice(0, 1));
  });

  it('after page gives each record that is wanted once, both ways, with any limits', () => {
    const ids = fc.uniqueArray(fc.bigInt({ min: toid(5, 0, 0), max: toid(45, 0, 0) }), { maxLength: 40 });
    const limits = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
    fc.assert(
      fc.property(
        ids,
        limits,
        fc.constantFrom('asc', 'desc'),
        fc.bigInt({ min: 1n, max: 4n }),
        (any, steps, order, by) => {
          const items = [...any].sort((a, b) => (a < b ? -1 : 1));
          const wanted = (id: bigint) => id % by === 0n;
          const seen: bigint[] = [];
          let cursor = '';
          for (let step = 0; ; step++) {
            const query = read(`order=${order}&cursor=${cursor}&limit=${steps[step % steps.length]}`);
            const page = pageOf(items, (id) => id, query, wanted);
            expect(page.length).toBeLessThanOrEqual(query.limit);
            seen.push(...page);
            if (page.length === 0) break;
            cursor = String(page.at(-1));
          }
          const kept = items.filter((id) => id >= toid(10, 0, 0) && id < toid(41, 0, 0) && wanted(id));
          expect(seen).toEqual(order === 'asc' ? kept : kept.reverse());
        },
      ),
    );
  });

  it('from now on has a number in its place, and an empty page leads on from there', () => {
    const now = toid(41, 0, 0) - 1n;
    expect(cursorText(new URLSearchParams('cursor=now'), view, undefined)).toBe(String(now));
    expect(cursorText(new URLSearchParams('cursor=now'), view, '77')).toBe('77');
  });
});
