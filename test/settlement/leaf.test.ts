import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafView } from '../../src/admin/book-views.ts';
import { parseUsdc, units } from '../../src/money.ts';
import { encodeLeaf, hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import type { LeafRow } from '../../src/store/leaf-row.ts';
import { openTestStore, seal, writeCharge } from '../store/rig.ts';
import { vaultAddress } from './scripted-chain.ts';

/** The leaf as a stranger builds it from docs/receipts.md and the exported JSON, sharing no code with the gateway. */
function strangersHash(vault: string, row: Record<string, unknown>): Buffer {
  const text = (value: unknown) => Buffer.from(String(value), 'utf8');
  const number = (value: unknown) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(String(value)));
    return bytes;
  };
  const amount = (value: unknown) => number(parseUsdc(String(value)));
  const head = [text('callora.leaf.v1'), text(row.kind), text(vault)];
  const fields =
    row.kind === 'carry'
      ? [number(row.from_lane), number(row.from_batch), text(row.account), text(row.payee), amount(row.amount)]
      : [
          number(row.call),
          text(row.account),
          text(row.payee),
          text(row.api),
          text(row.method),
          text(row.route),
          number(row.status),
          amount(row.price),
          amount(row.refund),
          number(row.time_ms),
        ];
  const hash = createHash('sha256').update(Buffer.from([0]));
  for (const field of [...head, ...fields]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    hash.update(length).update(field);
  }
  return hash.digest();
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const amount = fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }).map((value) => units(value));
const number = fc.nat(2 ** 31 - 1);
const row: fc.Arbitrary<LeafRow> = fc.oneof(
  fc.record({
    kind: fc.constant('carry' as const),
    fromLane: number,
    fromBatch: number,
    account: text,
    payee: text,
    amount,
  }),
  fc.record({
    kind: fc.constant('call' as const),
    callId: number,
    atMs: number,
    account: text,
    payee: text,
    api: text,
    method: text,
    template: text,
    status: number,
    price: amount,
    refund: amount,
  }),
);

describe('a leaf', () => {
  it('has the bytes, hashes and root that docs/receipts.md shows', () => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/receipts.md'), 'utf8');
    const example: { vault: string; rows: Record<string, unknown>[]; leaf_hashes: string[]; root: string } = JSON.parse(
      /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '{}',
    );
    const hashes = example.rows.map((leaf) => strangersHash(example.vault, leaf));
    expect(hashes.map(hexOf)).toEqual(example.leaf_hashes);
    expect(hexOf(rootOf(hashes))).toBe(example.root);
  });

  it('is what a stranger computes from the export', () => {
    fc.assert(
      fc.property(row, (leaf) => {
        const exported: Record<string, unknown> = { ...leafView(leaf) };
        // Decimal texts hold up to 12 whole digits; larger amounts cannot be stored.
        expect(hexOf(hashLeaf(vaultAddress, leaf))).toBe(hexOf(strangersHash(vaultAddress, exported)));
      }),
    );
  });

  it('never has the bytes of another row or another vault', () => {
    fc.assert(
      fc.property(row, row, (a, b) => {
        const same = JSON.stringify(leafView(a)) === JSON.stringify(leafView(b));
        expect(hexOf(encodeLeaf(vaultAddress, a)) === hexOf(encodeLeaf(vaultAddress, b))).toBe(same);
        expect(hexOf(encodeLeaf(vaultAddress, a))).not.toBe(hexOf(encodeLeaf('CB', a)));
      }),
    );
  });

  it('shifts no byte from one field to the next', () => {
    const base = {
      kind: 'call',
      callId: 1,
      atMs: 2,
      account: 'A',
      payee: 'P',
      status: 200,
      price: units(1),
      refund: units(0),
    } as const;
    const one = encodeLeaf(vaultAddress, { ...base, api: 'ab', method: 'c', template: '/' });
    const two = encodeLeaf(vaultAddress, { ...base, api: 'a', method: 'bc', template: '/' });
    expect(hexOf(one)).not.toBe(hexOf(two));
  });

  it('leads from the stored rows of a batch back to its root', () => {
    const { store } = openTestStore();
    for (let price = 1; price <= 5; price++) writeCharge(store, { account: 'GA', price });
    const sealed = seal(store, { hashLeaf: (leaf) => hashLeaf(vaultAddress, leaf), rootOf });
    const exported = store.batches.rows(sealed?.id ?? 0).map((leaf) => ({ ...leafView(leaf) }));
    expect(hexOf(rootOf(exported.map((leaf) => strangersHash(vaultAddress, leaf))))).toBe(sealed?.root);
  });
});
