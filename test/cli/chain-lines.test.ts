import { describe, expect, it } from 'vitest';
import { chainLines, faultsOfChain, shortOf } from '../../src/cli/chain-lines.ts';
import { carriedFrom, type PlacedReceipt } from '../../src/cli/leaf-sums.ts';
import { readSettledCall } from '../../src/stellar/settle-call.ts';

const vaultAddress = 'CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA';

const call = {
  lane: 0,
  batch: 7,
  root: 'ab'.repeat(32),
  lines: [
    { payee: 'P', account: 'me', amount: 60_000n, taken: 40_000n },
    { payee: 'P', account: 'other', amount: 9n, taken: 9n },
    { payee: 'Q', account: 'me', amount: 5n, taken: -1n },
  ],
};
const onChain = chainLines(call, 'me');
const told = [
  { payee: 'P', amount: '0.006', taken: '0.004', payee_listed: true },
  { payee: 'Q', amount: '0.0000005', taken: '0', payee_listed: false },
];

describe('a settlement as its transaction tells it', () => {
  it('is that of the account alone, and takes nothing for a payee that is not listed', () => {
    expect(onChain).toEqual([
      { payee: 'P', amount: '0.006', taken: '0.004' },
      { payee: 'Q', amount: '0.0000005', taken: '0' },
    ]);
    expect(faultsOfChain(told, onChain)).toEqual([]);
  });

  it.each([
    ['an amount is less', told.map((line) => ({ ...line, amount: '0.004' }))],
    ['less was taken', [{ ...told[0], taken: '0.003' }, told[1]]],
    ['nothing was taken yet', [{ ...told[0], taken: null }, told[1]]],
    ['a line is missing', [told[0]]],
    ['a line is too many', [...told, { ...told[0], payee: 'R' }]],
  ])('is not what a gateway tells when %s', (_, lie) => {
    expect(faultsOfChain(lie as typeof told, onChain).length).toBeGreaterThan(0);
  });

  it('bounds what later leaves may carry over from it', () => {
    expect(shortOf(onChain, 'P')).toBe(20_000n);
    expect(shortOf(onChain, 'Q')).toBe(5n);
    expect(shortOf(onChain, 'R')).toBe(0n);
  });
});

describe('a transaction that a server makes up', () => {
  it.each(['', 'AAAA', '%', Buffer.alloc(300, 7).toString('base64')])(
    'is no settlement, whatever its bytes are: %s',
    (envelope) => {
      expect(readSettledCall(envelope, [], vaultAddress)).toBeUndefined();
      expect(readSettledCall(envelope, [['AAAA', '%']], vaultAddress)).toBeUndefined();
    },
  );
});

describe('what leaves carry over', () => {
  it.each([-1, 0.5, '../../x', undefined])('comes from a batch with a number, and not from %s', (from_batch) => {
    const leaf = { kind: 'carry', account: 'me', payee: 'P', amount: '1', from_lane: 0, from_batch };
    expect(() => carriedFrom([{ root: 'r', index: 0, leaf } as PlacedReceipt])).toThrow('the gateway names 0/');
  });

  it('is summed for each batch and payee that it comes from', () => {
    const carry = (payee: string, amount: string, from_batch: number): PlacedReceipt => ({
      ...{ lane: 0, batch: 9, root: 'r', index: 0 },
      leaf: { kind: 'carry', account: 'me', payee, amount, from_lane: 0, from_batch },
    });
    expect(carriedFrom([carry('P', '0.001', 3), carry('P', '0.002', 3), carry('P', '0.004', 4)])).toEqual([
      { lane: 0, batch: 3, payee: 'P', amount: 30_000n },
      { lane: 0, batch: 4, payee: 'P', amount: 40_000n },
    ]);
  });
});
