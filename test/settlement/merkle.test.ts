import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTree, leafHash, rootOf, type Tree, verifyPath } from '../../src/settlement/merkle.ts';

/** The RFC's own definition, recursive and slow: what the level-by-level one must equal. */
function rootByDefinition(leaves: Uint8Array[]): Buffer {
  const [only] = leaves;
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1 && only) return Buffer.from(only);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const left = rootByDefinition(leaves.slice(0, split));
  const right = rootByDefinition(leaves.slice(split));
  return createHash('sha256')
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest();
}

function treeOf(list: Uint8Array[]): Tree {
  const tree = createTree(list.length);
  for (const leaf of list) tree.add(leaf);
  return tree;
}

const leaves = fc.array(fc.uint8Array({ minLength: 0, maxLength: 40 }).map(leafHash), { minLength: 1, maxLength: 70 });
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('the Merkle tree', () => {
  it('hashes as RFC 6962 says', () => {
    // Known answers of the certificate transparency test vectors.
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const hashes = inputs.map((input) => leafHash(Buffer.from(input, 'hex')));
    expect(hexOf(rootOf([]))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(hexOf(rootOf(hashes.slice(0, 1)))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(hexOf(rootOf(hashes.slice(0, 3)))).toBe('aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77');
    expect(hexOf(rootOf(hashes))).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
  });

  it('gives the root of the definition for every number of leaves', () => {
    fc.assert(
      fc.property(leaves, (list) => {
        expect(hexOf(rootOf(list))).toBe(rootByDefinition(list).toString('hex'));
      }),
    );
  });

  it('grown leaf by leaf has the same root, and none before its last leaf', () => {
    fc.assert(
      fc.property(leaves, (list) => {
        expect(hexOf(treeOf(list).root() ?? new Uint8Array())).toBe(hexOf(rootOf(list)));
        const unfinished = createTree(list.length + 1);
        for (const leaf of list) unfinished.add(leaf);
        expect(unfinished.root()).toBeUndefined();
        expect(() => unfinished.pathOf(0)).toThrow(RangeError);
        expect(() => treeOf(list).pathOf(list.length)).toThrow(RangeError);
        expect(() => treeOf(list).add(leafHash(new Uint8Array()))).toThrow(RangeError);
      }),
    );
  });

  it('proves every leaf, and no leaf at another place, of another size or on another path', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), fc.nat(), (list, pick, elsewhere) => {
        const index = pick % list.length;
        const leaf = list[index] ?? new Uint8Array();
        const root = rootOf(list);
        const path = treeOf(list).pathOf(index);
        expect(verifyPath(leaf, index, list.length, path, root)).toBe(true);
        const other = elsewhere % list.length;
        if (hexOf(list[other] ?? leaf) !== hexOf(leaf)) {
          expect(verifyPath(leaf, other, list.length, path, root)).toBe(false);
          expect(verifyPath(list[other] ?? leaf, index, list.length, path, root)).toBe(false);
        }
        expect(verifyPath(leaf, index, list.length, [...path, leaf], root)).toBe(false);
        if (path.length > 0) expect(verifyPath(leaf, index, list.length, path.slice(1), root)).toBe(false);
        expect(verifyPath(leaf, list.length, list.length, path, root)).toBe(false);
      }),
    );
  });

  it('does not take an inner node for a leaf', () => {
    const [a, b] = [leafHash(Buffer.from('a')), leafHash(Buffer.from('b'))];
    const joined = Buffer.concat([a, b]);
    expect(hexOf(leafHash(joined))).not.toBe(hexOf(rootOf([a, b])));
  });
});
