import { judgeClose, masked } from './close-frame.ts';

/** What one side of a connection has to keep to. */
export type FrameRules = {
  /** A client masks every frame, a server none. */
  masked: boolean;
  /** Both sides agreed on permessage-deflate, which marks the first frame of a packed message with RSV1. */
  packed: boolean;
  frameBytesMax: number;
  messageBytesMax: number;
};

/** The close code to answer with, and why. */
export type FrameFault = { code: 1002 | 1007 | 1009; detail: string };

/** A place in the bytes of a scan: where a message's first frame starts, or behind the last byte of what has ended. */
export type Mark =
  | { kind: 'begin'; at: number }
  | { kind: 'end'; at: number /** Of all its frames, heads included. */; bytes: number }
  /** A control frame is small, so it is seen whole or not yet. */
  | { kind: 'close'; from: number; at: number };

export type Scan = {
  /** The new bytes, behind what was kept back of a frame head that had not come whole. */
  bytes: Buffer;
  /** Up to here they are good to go on. Behind it is the beginning of a head, a fault, or what nobody may send any more. */
  upTo: number;
  marks: Mark[];
  /** Payloads of what keeps the connection alive: a server's pings, a client's pongs. */
  beats: string[];
  fault: FrameFault | undefined;
};

type FrameHead = { opcode: number; last: boolean; headBytes: number; bytes: number };

/**
 * Follows the frames of RFC 6455 through bytes that pass by, to know where messages begin and end. Payloads of messages
 * are neither kept nor unmasked, so text is not checked for UTF-8: that is for the two ends. Everything that a reader
 * could take another way than we do is a fault, since a message that we do not see is a message that nobody pays.
 */
export class FrameTracker {
  /** True behind a close frame: whatever follows is dropped. */
  closed = false;
  /** What was wrong with these bytes; nothing passes behind it. */
  fault: FrameFault | undefined;
  readonly #rules: FrameRules;
  #kept: Buffer = nothing;
  #frame: FrameHead | undefined;
  #frameLeft = 0;
  /** Where the frame begins, if that is in the bytes of this scan. */
  #frameAt = 0;
  #inMessage = false;
  #messageBytes = 0;
  #beats: string[] = [];

  constructor(rules: FrameRules) {
    this.#rules = rules;
  }

  /** Bytes that are still to come of the frame that has begun: 0 between two frames, where another may be put in. */
  get frameLeft(): number {
    return this.#frameLeft;
  }

  scan(chunk: Buffer): Scan {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    const marks: Mark[] = [];
    this.#beats = [];
    let at = 0;
    while (at < bytes.length && !this.closed && !this.fault) {
      if (!this.#frame) {
        const head = this.#readHead(bytes, at);
        if (!head) break;
        if (head.opcode === text || head.opcode === binary) marks.push({ kind: 'begin', at });
        this.#frame = head;
        this.#frameAt = at;
        this.#frameLeft = head.bytes;
        at += head.headBytes;
      }
      const taken = Math.min(this.#frameLeft, bytes.length - at);
      this.#frameLeft -= taken;
      at += taken;
      if (this.#frameLeft === 0) this.#endFrame(this.#frame, at, marks);
    }
    this.#kept = this.closed || this.fault ? nothing : bytes.subarray(at);
    return { bytes, upTo: at, marks, beats: this.#beats, fault: this.fault };
  }

  /** Undefined when the head, or of a control frame anything, is still to come, or when it has a fault. */
  #readHead(bytes: Buffer, at: number): FrameHead | undefined {
    const [first, second] = [bytes[at], bytes[at + 1]];
    if (first === undefined || second === undefined) return undefined;
    const opcode = first & 0x0f;
    const last = (first & 0x80) !== 0;
    const short = second & 0x7f;
    const fault = this.#judgeBits(first, second) ?? (opcode >= 8 ? judgeControl(last, short) : undefined);
    if (fault !== undefined) return this.#broken(1002, fault);
    const headBytes = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (this.#rules.masked ? 4 : 0);
    if (bytes.length - at < headBytes + (opcode >= close ? short : 0)) return undefined;
    if (opcode >= close) {
      const mask = this.#rules.masked ? bytes.subarray(at + 2, at + headBytes) : undefined;
      const wrong = this.#readControl(opcode, bytes.subarray(at + headBytes, at + headBytes + short), mask);
      if (wrong) return this.#broken(wrong.code, wrong.detail);
    }
    let length = short;
    if (short === 126) {
      length = bytes.readUInt16BE(at + 2);
      if (length < 126) return this.#broken(1002, 'a length is written longer than it needs');
    } else if (short === 127) {
      const high = bytes.readUInt32BE(at + 2);
      length = high * 2 ** 32 + bytes.readUInt32BE(at + 6);
      if (high >= 2 ** 31) return this.#broken(1002, 'a length has 64 bits');
      if (length < 2 ** 16) return this.#broken(1002, 'a length is written longer than it needs');
    }
    const { frameBytesMax, messageBytesMax } = this.#rules;
    if (length > frameBytesMax) return this.#broken(1009, `the frame is longer than ${frameBytesMax} bytes`);
    if (opcode < 8 && !this.#fits(opcode, headBytes + length)) {
      return this.#broken(1009, `the message is longer than ${messageBytesMax} bytes`);
    }
    return { opcode, last, headBytes, bytes: length };
  }

  #judgeBits(first: number, second: number): string | undefined {
    const opcode = first & 0x0f;
    const starts = opcode === text || opcode === binary;
    if ((second & 0x80) !== (this.#rules.masked ? 0x80 : 0)) {
      return this.#rules.masked ? 'a client masks its frames' : 'a server does not mask its frames';
    }
    if ((first & 0x30) !== 0 || ((first & 0x40) !== 0 && !(this.#rules.packed && starts))) {
      return 'a reserved bit is set';
    }
    if ((opcode > binary && opcode < close) || opcode > pong) return 'an opcode is unknown';
    if (starts && this.#inMessage) return 'a message begins inside another';
    if (opcode === continuation && !this.#inMessage) return 'a continuation has no beginning';
    return undefined;
  }

  #readControl(opcode: number, payload: Buffer, mask: Buffer | undefined): FrameFault | undefined {
    if (opcode === close) return judgeClose(payload, mask);
    if (opcode === (mask ? pong : ping)) this.#beats.push((mask ? masked(payload, mask) : payload).toString('latin1'));
    return undefined;
  }

  /** Heads count too: a message of endless empty frames is endless. */
  #fits(opcode: number, bytes: number): boolean {
    this.#messageBytes = (opcode === continuation ? this.#messageBytes : 0) + bytes;
    return this.#messageBytes <= this.#rules.messageBytesMax;
  }

  #endFrame({ opcode, last }: FrameHead, at: number, marks: Mark[]): void {
    this.#frame = undefined;
    if (opcode === close) {
      this.closed = true;
      marks.push({ kind: 'close', from: this.#frameAt, at });
    } else if (opcode < close) {
      this.#inMessage = !last;
      if (last) marks.push({ kind: 'end', at, bytes: this.#messageBytes });
    }
  }

  #broken(code: FrameFault['code'], detail: string): undefined {
    this.fault = { code, detail };
  }
}

function judgeControl(last: boolean, length: number): string | undefined {
  if (!last) return 'a control frame is in pieces';
  return length > 125 ? 'a control frame is too long' : undefined;
}

const continuation = 0;
const text = 1;
const binary = 2;
const close = 8;
const ping = 9;
const pong = 10;

const nothing = Buffer.alloc(0);
