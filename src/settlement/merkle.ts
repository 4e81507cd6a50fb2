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

/** A whole tree in memory, 64 bytes a leaf, that grows leaf by leaf, so that a large one can be built in small steps. */
export type Tree = {
  /** Takes the hash of the next leaf. */
  add(leafHash: Uint8Array): void;
  /** Undefined until all leaves are there. */
  root(): Uint8Array | undefined;
  /** The sibling hashes from the leaf at `index` up to the root, lowest first. */
  pathOf(index: number): Uint8Array[];
};

/** A tree for exactly `size` leaves, at least one. */
export function createTree(size: number): Tree {
  const levels: Buffer[] = [Buffer.alloc(size * hashBytes)];
  for (let width = size; width > 1; width = Math.ceil(width / 2)) {
    levels.push(Buffer.alloc(Math.ceil(width / 2) * hashBytes));
  }
  let added = 0;
  const at = (level: number, index: number) => levels[level]?.subarray(index * hashBytes, (index + 1) * hashBytes);

  return {
    add(leafHash) {
      if (added === size) throw new RangeError(`the tree has its ${size} leaves`);
      let index = added++;
      let node = leafHash;
      for (let level = 0; ; level++) {
        levels[level]?.set(node, index * hashBytes);
        const width = (levels[level]?.length ?? 0) / hashBytes;
        const left = at(level, index - 1);
        if (width === 1) return;
        if ((index & 1) === 1 && left) node = nodeHash(left, node);
        // An odd hash at the end moves up unpaired; any other waits for its sibling.
        else if (index !== width - 1) return;
        index >>= 1;
      }
    },
    root: () => (added === size ? levels.at(-1) : undefined),
    pathOf(index) {
      if (added < size || !Number.isInteger(index) || index < 0 || index >= size) {
        throw new RangeError(`there is no leaf ${index} among ${added} of ${size}`);
      }
      const path: Uint8Array[] = [];
      for (let level = 0, place = index; level < levels.length - 1; level++, place >>= 1) {
        const sibling = at(level, place ^ 1);
        if (sibling?.length === hashBytes) path.push(sibling);
      }
      return path;
    },
  };
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

const hashBytes = 32;
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
