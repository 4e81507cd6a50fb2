/** Memory that many calls share: what one cannot have, it does without. */
export type ByteBudget = {
  /** Reserves bytes, or says that they are not to be had. */
  take(bytes: number, bytesMax: number): boolean;
  give(bytes: number): void;
  taken(): number;
};

/** What each of many holds of such memory: none may have it all. */
export type ByteShares<Key> = {
  take(key: Key, bytes: number, bytesMax: number): boolean;
  give(key: Key, bytes: number): void;
};

/** Knows only those that hold something. */
export function createByteShares<Key>(): ByteShares<Key> {
  const taken = new Map<Key, number>();
  return {
    take(key, bytes, bytesMax) {
      const after = (taken.get(key) ?? 0) + bytes;
      if (after > bytesMax) return false;
      taken.set(key, after);
      return true;
    },
    give(key, bytes) {
      const left = (taken.get(key) ?? 0) - bytes;
      if (left > 0) taken.set(key, left);
      else taken.delete(key);
    },
  };
}

export function createByteBudget(): ByteBudget {
  let taken = 0;
  return {
    take(bytes, bytesMax) {
      if (taken + bytes > bytesMax) return false;
      taken += bytes;
      return true;
    },
    give(bytes) {
      taken -= bytes;
    },
    taken: () => taken,
  };
}
