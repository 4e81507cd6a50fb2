/** Memory that many calls share: what one cannot have, it does without. */
export type ByteBudget = {
  /** Reserves bytes, or says that they are not to be had. */
  take(bytes: number, bytesMax: number): boolean;
  give(bytes: number): void;
  taken(): number;
};

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
