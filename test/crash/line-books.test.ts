import { expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { linesOf } from './line-books.ts';
import type { SoldLine } from './sold-books.ts';

/** Each of two accounts bought one call of each of two payees. */
const served = { 'G1 P1': ['1'], 'G1 P2': ['2'], 'G2 P1': ['3'], 'G2 P2': ['4'] };
type Books = Record<string, string[]>;

/** What each line shows that is no count. */
function shown({ clients = served, arrived = served, charged = served }: Partial<Record<string, Books>>) {
  const split = (books: Books) =>
    Object.entries(books).map(([name, ids]) => {
      const [account = '', payee = ''] = name.split(' ');
      return { account, payee, ids };
    });
  const arrivedAt = (payee: string) =>
    new Map(split(arrived).flatMap((line) => (line.payee === payee ? [[line.account, line.ids] as const] : [])));
  const apis = [
    { payee: 'P1', price: units(500n), arrived: arrivedAt('P1') },
    { payee: 'P2', price: units(300n), arrived: arrivedAt('P2') },
  ];
  const buyers = split(clients).map(({ account, payee, ids }) => ({
    address: account,
    lines: [{ api: { payee }, book: { served: new Set(ids), others: new Map() }, cutOff: 0 }],
  }));
  const sold: SoldLine[] = split(charged).map(({ account, payee, ids }) => ({
    account,
    payee,
    charged: new Set(ids),
    refunded: 0,
    waiting: 0n,
  }));
  return linesOf(apis, buyers, sold).map((line) => ({
    name: `${line.account} ${line.payee}`,
    givenAway: line.givenAway,
    unforwarded: line.unforwarded,
    repeated: line.repeated,
    owed: line.owed,
  }));
}

it('lines that agree miss nothing, and owe the price of their payee', () => {
  const none = { givenAway: [], unforwarded: [], repeated: [] };
  expect(shown({})).toEqual([
    { name: 'G1 P1', ...none, owed: 500n },
    { name: 'G1 P2', ...none, owed: 300n },
    { name: 'G2 P1', ...none, owed: 500n },
    { name: 'G2 P2', ...none, owed: 300n },
  ]);
});

it.each([
  ['account', { 'G1 P1': [], 'G1 P2': ['2'], 'G2 P1': ['3', '1'], 'G2 P2': ['4'] }, 'G2 P1'],
  ['payee', { 'G1 P1': [], 'G1 P2': ['2', '1'], 'G2 P1': ['3'], 'G2 P2': ['4'] }, 'G1 P2'],
])('a call charged to another %s is missed where it was served, and shows where it was not', (_of, charged, at) => {
  const lines = shown({ charged });
  expect(lines.filter(({ givenAway }) => givenAway.length > 0)).toMatchObject([{ name: 'G1 P1', givenAway: ['1'] }]);
  expect(lines.filter(({ unforwarded }) => unforwarded.length > 0)).toMatchObject([{ name: at, unforwarded: ['1'] }]);
});

it('a call that arrives again in the name of another account is repeated', () => {
  const lines = shown({ arrived: { ...served, 'G2 P2': ['4', '1'] } });
  expect(lines.filter(({ repeated }) => repeated.length > 0)).toMatchObject([{ name: 'G2 P2', repeated: ['1'] }]);
});

it('an account that no client stands for has a line of its own', () => {
  const lines = shown({ charged: { ...served, 'G3 P1': ['9'] } });
  expect(lines.at(-1)).toMatchObject({ name: 'G3 P1', unforwarded: ['9'], owed: 500n });
});
