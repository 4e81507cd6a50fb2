import { hash } from 'node:crypto';

/**
 * The Merkle tree of RFC 6962: a leaf is sha256(0x00 | bytes), a node sha256(0x01 | left | right), and a tree of n leaves
 * splits at the largest power of two below n. The prefixes keep a node from passing as a leaf.
 */
export function leafHash(bytes: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([leafPrefix, bytes]));
}

/** Root over leaf hashes, 32 bytes; of no leaves, sha256 of nothing. */
export function rootOf(leafHashes: readonly Uint8Array[]): Uint8Array {
  const [first] = leafHashes;
  if (!first) return sha256(Buffer.alloc(0));
  // Level by level: an odd hash at the end moves up unpaired, which is just the RFC's split.
  let level = [...leafHashes];
  while (level.length > 1) level = pairUp(level);
  return level[0] ?? first;
}

/** The sibling hashes from the leaf at `index` up to the root, lowest first. */
export function pathOf(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isInteger(index) || index < 0 || index >= leafHashes.length) {
    throw new RangeError(`there is no leaf ${index} among ${leafHashes.length}`);
  }
  const path: Uint8Array[] = [];
  let level = [...leafHashes];
  for (let at = index; level.length > 1; at >>= 1) {
    const sibling = level[at ^ 1];
    if (sibling) path.push(sibling);
    level = pairUp(level);
  }
  return path;
}

/** True when the path leads from this leaf, at this place in a tree of `size` leaves, to the root. */
export function verifyPath(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if (size > 2 ** 30) return false;
  let at = index;
  let last = size - 1;
  let node = leaf;
  let used = 0;
  while (last > 0) {
    const unpaired = at === last && (at & 1) === 0;
    if (!unpaired) {
      const sibling = path[used++];
      if (sibling?.length !== 32) return false;
      node = (at & 1) === 1 ? nodeHash(sibling, node) : nodeHash(node, sibling);
    }
    at >>= 1;
    last >>= 1;
  }
  return used === path.length && Buffer.compare(node, root) === 0;
}

const leafPrefix = Buffer.from([0]);
const nodePrefix = Buffer.from([1]);

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([nodePrefix, left, right]));
}

function pairUp(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let at = 0; at < level.length; at += 2) {
    const left = level[at];
    const right = level[at + 1];
    if (left) above.push(right ? nodeHash(left, right) : left);
  }
  return above;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}
