const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/** A line that ends with LF alone, or a CR that no LF follows: no head with it can become right. */
export function hasBareLineEnd(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(lineFeed, from); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) {
    if (at === 0 || bytes[at - 1] !== carriageReturn) return true;
  }
  for (let at = bytes.indexOf(carriageReturn, from); at >= 0; at = bytes.indexOf(carriageReturn, at + 1)) {
    if (at + 1 < bytes.length && bytes[at + 1] !== lineFeed) return true;
  }
  return false;
}
