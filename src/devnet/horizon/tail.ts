/**
 * A list in order of positions that grows at its end and is forgotten from its beginning. Both take constant time: the
 * list of a busy network loses a ledger for each that closes.
 */
export class Tail<Item> {
  readonly #position: (item: Item) => bigint;
  #items: (Item | undefined)[] = [];
  /** Before this, places are empty. */
  #head = 0;

  constructor(position: (item: Item) => bigint) {
    this.#position = position;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** What it takes of memory, the empty places in it too. */
  get places(): number {
    return this.#items.length;
  }

  at(index: number): Item | undefined {
    return this.#items[this.#head + index];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes off all items before this position and gives them. */
  shed(before: bigint): Item[] {
    const gone: Item[] = [];
    for (;;) {
      const first = this.at(0);
      if (first === undefined || this.#position(first) >= before) break;
      gone.push(first);
      this.#items[this.#head++] = undefined;
    }
    // At most as many empty places as full ones.
    if (this.#head > this.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return gone;
  }
}
