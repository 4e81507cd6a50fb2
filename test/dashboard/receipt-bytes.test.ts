import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64url, leafHashOf, rootOfPath } from '../../src/dashboard/receipt-bytes.ts';
import { createTree, leafHash } from '../../src/settlement/merkle.ts';

const leaves = fc.array(fc.uint8Array({ maxLength: 8 }).map(leafHash), { minLength: 1, maxLength: 70 });
const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

describe('a path in the browser', () => {
  it('leads from every leaf of every tree to its root, and from no other place', async () => {
    await fc.assert(
      fc.asyncProperty(leaves, fc.nat(), fc.nat(), async (list, pick, elsewhere) => {
        const tree = createTree(list.length);
        for (const leaf of list) tree.add(leaf);
        const size = list.length;
        const index = pick % size;
        const path = tree.pathOf(index).map(hex);
        const leaf = hex(list[index]);
        const root = hex(tree.root());
        expect(await rootOfPath(leaf, { index, size, path })).toBe(root);
        const other = elsewhere % size;
        if (hex(list[other]) === leaf) return;
        expect(await rootOfPath(leaf, { index: other, size, path })).not.toBe(root);
        expect(await rootOfPath(hex(list[other]), { index, size, path })).not.toBe(root);
        expect(await rootOfPath(leaf, { index, size, path: [...path, leaf] })).toBeUndefined();
      }),
    );
  });
});

describe('a text that stands for bytes', () => {
  it('has one spelling: amounts and numbers in another are refused', async () => {
    const carry = { kind: 'carry', from_lane: 0, from_batch: 1, account: 'A', payee: 'P', amount: '0.5' } as const;
    const hash = await leafHashOf('C', carry);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    for (const amount of ['0.50', '00.5', '.5', '5e-1', '-0.5', '0.12345678', '1844674407371']) {
      const same = leafHashOf('C', { ...carry, amount });
      if (amount === '1844674407371') await expect(same).rejects.toThrow();
      else await expect(same).rejects.toThrow('is no amount');
    }
    const call = { kind: 'call', call: '01', account: 'A', payee: 'P', api: 'a', method: 'GET', route: '/' } as const;
    const rest = { status: 200, price: '1', refund: '0', time_ms: 1 };
    await expect(leafHashOf('C', { ...call, ...rest })).rejects.toThrow('01 is no number');
  });

  it('has no spare bits and no padding', () => {
    expect(fromBase64url('AQ')).toEqual(Uint8Array.of(1));
    for (const spelling of ['AR', 'AQ==', 'A Q', 'AQ\n', '+Q', '/Q']) expect(fromBase64url(spelling)).toBeUndefined();
  });
});
