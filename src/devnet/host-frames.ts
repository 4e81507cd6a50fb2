/**
 * Frames of the Soroban host module: little-endian integers, length-prefixed bytes, counted lists.
 * The other side is `contracts/host/src/frames.rs`; absent XDR is a length of zero there and `undefined` here.
 */

const INITIAL_BYTES = 1024;

export class FrameWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  /** Bytes of a length both sides know. */
  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes);
  }

  bytesList(items: readonly Uint8Array[]): this {
    this.u32(items.length);
    for (const item of items) this.bytes(item);
    return this;
  }

  u32List(items: readonly number[]): this {
    this.u32(items.length);
    for (const item of items) this.u32(item);
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}

/** Reads past the end throw a RangeError: the module and this file disagree about the fields. */
export class FrameReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), true);
  }

  flag(): boolean {
    return this.u32() !== 0;
  }

  bytes(): Uint8Array {
    const length = this.u32();
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  optionalBytes(): Uint8Array | undefined {
    const bytes = this.bytes();
    return bytes.length === 0 ? undefined : bytes;
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  list<Item>(item: () => Item): Item[] {
    return Array.from({ length: this.u32() }, item);
  }

  bytesList(): Uint8Array[] {
    return this.list(() => this.bytes());
  }

  /** Asserts that nothing is left. */
  end(): void {
    if (this.#at !== this.#bytes.length) {
      throw new RangeError(`${this.#bytes.length - this.#at} bytes after the end of the frame`);
    }
  }

  #advance(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new RangeError('the frame ends early');
    this.#at = at + length;
    return at;
  }
}
