import { isUtf8 } from 'node:buffer';

/** A close frame with a code and a reason of at most 123 bytes; one for a server is masked. */
export function closeFrame(code: number, reason: string, mask: Buffer | undefined): Buffer {
  const words = Buffer.from(reason, 'utf8');
  const payload = Buffer.alloc(2 + words.length);
  payload.writeUInt16BE(code);
  words.copy(payload, 2);
  if (payload.length > 125) throw new Error('a reason to close has at most 123 bytes');
  if (!mask) return Buffer.concat([Buffer.from([0x88, payload.length]), payload]);
  return Buffer.concat([Buffer.from([0x88, 0x80 | payload.length]), mask, masked(payload, mask)]);
}

/**
 * What is wrong with the payload of a close frame that has come whole. Whoever reads it acts on the code: one that stands
 * for "no code" or "no close frame" makes a library report what did not happen, or fail on a frame that we called clean.
 */
export function judgeClose(
  payload: Buffer,
  mask: Buffer | undefined,
): { code: 1002 | 1007; detail: string } | undefined {
  if (payload.length === 0) return undefined;
  if (payload.length === 1) return { code: 1002, detail: 'a close frame has half a code' };
  const plain = mask ? masked(payload, mask) : payload;
  if (!maySend(plain.readUInt16BE())) return { code: 1002, detail: 'a close code is none that may be sent' };
  return isUtf8(plain.subarray(2)) ? undefined : { code: 1007, detail: 'the words of a close frame are not UTF-8' };
}

/** Those of RFC 6455 section 7.4.1 and of its registry at IANA (up to 1014), and the ranges for libraries and applications. */
function maySend(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006);
}

/** The same to put a mask on and to take it off. */
export function masked(payload: Buffer, mask: Buffer): Buffer {
  return Buffer.from(payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0)));
}
