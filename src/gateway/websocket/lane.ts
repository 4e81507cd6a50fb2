import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock.ts';
import { ReadingPauses } from '../reading-pauses.ts';
import { type FrameFault, type FrameRules, FrameTracker, type Mark, type Scan } from './frames.ts';
import { SenderPace } from './sender-pace.ts';

/** A close frame's code and words. */
export type Closing = { code: number; reason: string };

/** How many of the messages asked about are paid, and why the connection ends when it is not all. */
export type Payment = { paid: number; stop: Closing | undefined };

export type LaneEvents = {
  /** Called with the number of messages that begin, before the first byte of the first one goes on. Never rejects. */
  pay: ((messages: number) => Promise<Payment>) | undefined;
  /** The last byte of a message has been handed on. */
  onMessage(bytes: number): void;
  /** A ping of a server or a pong of a client has come. */
  onBeat(payload: string): void;
  /** The sender's close frame has come. */
  onClosed(): void;
  onFault(fault: FrameFault): void;
  /** A message could not be paid; what came before it has been handed on. */
  onUnpaid(stop: Closing): void;
};

/** Messages that are paid in one turn of the event loop: a read may hold ten thousand, and other callers wait meanwhile. */
const messagesAtOnce = 128;

/** A read of so many bytes is the last of its turn: it may hold thousands of frames, and a socket has megabytes ready. */
const turnBytes = 16_384;

/** One direction of an open WebSocket: bytes pass unchanged, in order, and no faster than the other end takes them. */
export class Lane {
  readonly tracker: FrameTracker;
  /** Bytes and whole messages handed on. */
  bytes = 0;
  messages = 0;
  /** A message has been handed on in part. */
  inMessage = false;
  lastByteMs: number;
  /** Since when the receiver has not taken what it was sent, monotonic ms; undefined while it keeps up. */
  behindSinceMs: number | undefined;
  /** How the receiver takes it, and how the sender gets on. */
  readonly reading = new ReadingPauses();
  readonly pace = new SenderPace();
  readonly #from: Duplex;
  readonly #to: Duplex;
  readonly #clock: Clock;
  readonly #events: LaneEvents;
  #pauses = 0;
  #paying = false;
  /** Nothing of the sender goes on any more: a close frame of ours has, or the receiver is gone. */
  #mute = false;
  /** A close frame of ours that waits for the end of the frame under way. */
  #last: Buffer | undefined;
  /** A close frame of ours that stands in for the sender's. */
  #instead: Buffer | undefined;
  /** A close frame has been handed on, theirs or ours: no other may follow. */
  #sealed = false;

  constructor(from: Duplex, to: Duplex, rules: FrameRules, clock: Clock, events: LaneEvents) {
    this.#from = from;
    this.#to = to;
    this.#clock = clock;
    this.#events = events;
    this.tracker = new FrameTracker(rules);
    this.lastByteMs = clock.monotonicMs();
    from.on('data', (chunk: Buffer) => this.#read(chunk));
    to.on('drain', () => this.#caughtUp());
  }

  /** True while a close frame of ours waits for the end of a frame. */
  get waits(): boolean {
    return this.#last !== undefined;
  }

  /** The sender is inside a frame or a message. */
  get isUnfinished(): boolean {
    return this.inMessage || this.tracker.frameLeft > 0;
  }

  /** Begins with what came behind the handshake. */
  start(rest: Buffer): void {
    if (rest.length > 0) this.#read(rest);
    if (this.#pauses === 0) this.#from.resume();
  }

  #read(chunk: Buffer): void {
    this.lastByteMs = this.#clock.monotonicMs();
    const left = this.tracker.frameLeft;
    const scan = this.tracker.scan(chunk);
    const begins = scan.marks.some(({ kind }) => kind === 'begin');
    this.pace.moved(this.lastByteMs, chunk.length, begins);
    for (const beat of scan.beats) this.#events.onBeat(beat);
    if (chunk.length >= turnBytes) this.#waitATurn();
    if (this.#mute) this.#tell(scan);
    else if (this.#last) this.#endFrame(scan, left);
    else this.#pass(scan);
  }

  /** Puts a close frame behind the frame under way; what the sender sends after that is looked at, not handed on. */
  end(frame: Buffer): void {
    if (this.#mute || this.#sealed || this.#last) return;
    // While a message waits to be paid, what was handed on ends before it.
    if (this.#paying || this.tracker.frameLeft === 0) this.#endWith(this.#instead ?? frame);
    else this.#last = this.#instead ?? frame;
  }

  /** The sender may go on until its own close frame, in whose place this one is put. */
  endInstead(frame: Buffer): void {
    this.#instead ??= frame;
  }

  mute(): void {
    this.#mute = true;
    this.#caughtUp();
  }

  pause(): void {
    this.#pauses++;
    this.pace.held(this.#clock.monotonicMs());
    this.#from.pause();
  }

  resume(): void {
    if (--this.#pauses > 0) return;
    this.pace.released(this.#clock.monotonicMs());
    this.#from.resume();
  }

  #waitATurn(): void {
    this.pause();
    setImmediate(() => this.resume());
  }

  #pass(scan: Scan): void {
    const { pay } = this.#events;
    const close = this.#instead && scan.marks.find((mark) => mark.kind === 'close');
    if (close && this.#instead) {
      this.#hand(scan, 0, close.from, scan.marks.slice(0, -1));
      this.#endWith(this.#instead);
      this.#tell(scan);
      return;
    }
    const first = pay && scan.marks.findIndex(({ kind }) => kind === 'begin');
    if (pay === undefined || first === undefined || first < 0) {
      this.#hand(scan, 0, scan.upTo, scan.marks);
      this.#tell(scan);
      return;
    }
    const start = scan.marks[first]?.at ?? 0;
    this.#hand(scan, 0, start, scan.marks.slice(0, first));
    this.#paying = true;
    this.pause();
    void this.#passPaid(scan, start, scan.marks.slice(first), pay).then((stop) => {
      // What was handed on ends before the message that is not paid: a close frame may follow, and nothing of the message.
      if (stop) this.#events.onUnpaid(stop);
      if (stop) this.mute();
      this.#paying = false;
      this.#tell(scan);
      this.resume();
    });
  }

  /** Hands on as many messages as can be paid, and says why it is not all. */
  async #passPaid(
    scan: Scan,
    start: number,
    marks: Mark[],
    pay: (messages: number) => Promise<Payment>,
  ): Promise<Closing | undefined> {
    const begins = marks.filter(({ kind }) => kind === 'begin');
    let from = { at: start, mark: 0 };
    for (let next = 0; next < begins.length; next += messagesAtOnce) {
      const { paid, stop } = await pay(Math.min(messagesAtOnce, begins.length - next));
      if (this.#mute) return undefined;
      const behind = begins[next + paid];
      const to = { at: behind?.at ?? scan.upTo, mark: behind ? marks.indexOf(behind, from.mark) : marks.length };
      this.#hand(scan, from.at, to.at, marks.slice(from.mark, to.mark));
      if (stop) return stop;
      from = to;
    }
    return undefined;
  }

  /** The frame under way goes on to its end; then comes ours. */
  #endFrame(scan: Scan, left: number): void {
    const end = Math.min(left, scan.upTo);
    const ended = scan.marks[0]?.at === end ? scan.marks.slice(0, 1) : [];
    this.#hand(scan, 0, end, ended);
    if (left === end && this.#last) this.#endWith(this.#last);
    this.#tell(scan);
  }

  #endWith(frame: Buffer): void {
    this.#last = undefined;
    this.#sealed = true;
    this.#write(frame);
    this.mute();
  }

  #hand({ bytes }: Scan, start: number, end: number, marks: Mark[]): void {
    if (this.#isOver()) return;
    if (end > start) this.#write(bytes.subarray(start, end));
    this.bytes += end - start;
    for (const mark of marks) {
      if (mark.kind === 'close') this.#sealed = true;
      if (mark.kind !== 'close') this.inMessage = mark.kind === 'begin';
      if (mark.kind !== 'end') continue;
      this.messages++;
      this.#events.onMessage(mark.bytes);
    }
  }

  #isOver(): boolean {
    return this.#to.destroyed || this.#to.writableEnded;
  }

  #write(bytes: Buffer): void {
    if (this.#isOver()) return;
    if (this.#to.write(bytes) || this.behindSinceMs !== undefined) return;
    this.behindSinceMs = this.#clock.monotonicMs();
    this.reading.began(this.behindSinceMs);
    this.pause();
  }

  #caughtUp(): void {
    if (this.behindSinceMs === undefined) return;
    this.behindSinceMs = undefined;
    this.reading.ended(this.#clock.monotonicMs());
    this.resume();
  }

  #tell({ marks, fault }: Scan): void {
    if (marks.at(-1)?.kind === 'close') this.#events.onClosed();
    if (fault) this.#events.onFault(fault);
  }
}
