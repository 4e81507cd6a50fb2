import { expect, it } from 'vitest';
import { ledgerLines } from '../../src/devnet/screen.ts';

it('an empty ledger takes no line on the screen, another tells of each of its transactions', () => {
  const ledger = { sequence: 7, hash: 'ab', closeTimeS: 1_800_000_000 };
  expect(ledgerLines({ ...ledger, transactions: [] })).toEqual([]);
  const transactions = [
    { hash: 'a1', successful: true, operations: ['payment', 'setOptions'] },
    { hash: 'b2', successful: false, operations: ['invokeHostFunction'] },
  ];
  expect(ledgerLines({ ...ledger, transactions })).toEqual([
    '08:00:00  ledger 7  2 transactions',
    '  ok      a1  payment, setOptions',
    '  FAILED  b2  invokeHostFunction',
  ]);
});
