/**
 * The lane in which an account is settled, of so many: always the same one, spread evenly. FNV-1a over the address, whose
 * last characters are a checksum of it all.
 */
export function laneOf(address: string, lanes: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < address.length; index++) {
    hash = Math.imul(hash ^ address.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % lanes;
}
