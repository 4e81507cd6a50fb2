/**
 * Stellar's text addresses (SEP-23): base32 without padding of a version byte, the payload and a CRC16-XModem in
 * little endian. Written here because the catalog checks addresses and may not load the Stellar SDK.
 */
export type AddressKind = 'account' | 'contract' | 'muxed' | 'seed';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Version byte -> what it names and how many bytes of payload it has. */
const versions = new Map<number, { kind: AddressKind; payloadBytes: number }>([
  [6 << 3, { kind: 'account', payloadBytes: 32 }],
  [2 << 3, { kind: 'contract', payloadBytes: 32 }],
  [12 << 3, { kind: 'muxed', payloadBytes: 40 }],
  [18 << 3, { kind: 'seed', payloadBytes: 32 }],
]);

/** The longest kind, a muxed account, has 69 characters. */
const addressCharsMax = 69;

/** G… is an account, C… a contract, M… a muxed account, S… a secret seed; undefined when the text is none of them. */
export function addressKind(text: string): AddressKind | undefined {
  if (text.length > addressCharsMax) return undefined;
  const bytes = decodeBase32(text);
  if (!bytes) return undefined;
  const version = versions.get(bytes[0] ?? 0);
  if (!version || bytes.length !== version.payloadBytes + 3) return undefined;
  const checked = bytes.subarray(0, -2);
  const [low, high] = bytes.subarray(-2);
  return crc16(checked) === (low ?? 0) + ((high ?? 0) << 8) ? version.kind : undefined;
}

/** True when a text holds something of a seed's shape, checksum right or wrong: a mistyped seed is a secret too. */
export function holdsSeed(text: string): boolean {
  return /(?<![A-Z0-9])S[A-Z2-7]{55}(?![A-Z0-9])/.test(text);
}

/** Undefined for a foreign character, and for spare bits that are not zero: one address has one spelling. */
function decodeBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let bitCount = 0;
  let at = 0;
  for (const char of text) {
    const value = alphabet.indexOf(char);
    if (value === -1) return undefined;
    bits = ((bits << 5) | value) & 0xfff;
    bitCount += 5;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes[at++] = (bits >> bitCount) & 0xff;
    }
  }
  return bitCount < 5 && (bits & ((1 << bitCount) - 1)) === 0 ? bytes : undefined;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}
