import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { SocketCause } from '../../billing/socket-charging.ts';
import type { GatewayLimits } from '../../catalog/model.ts';
import type { Clock } from '../../clock.ts';
import { ClientBlame, leftUnfinished } from './client-blame.ts';
import { closeFrame } from './close-frame.ts';
import { type Closing, Lane, type LaneEvents, type Payment } from './lane.ts';

/** How long both ends have to answer a close frame and to take their last bytes, ms. */
const closeWaitMs = 5_000;

/** How long an upstream that has been told to close may still speak, ms. */
const lastWordsMs = 1_000;

export type TunnelEnd = { socket: Duplex /** Bytes that came behind the handshake. */; rest: Buffer };

export type TunnelOptions = {
  client: TunnelEnd;
  upstream: TunnelEnd;
  /** Both sides agreed on permessage-deflate. */
  packed: boolean;
  limits: Pick<GatewayLimits, 'websocketFrameBytesMax' | 'websocketMessageBytesMax'>;
  clock: Clock;
  /** Pays for messages of the client; undefined on routes that are paid by something else. */
  pay: ((messages: number) => Promise<Payment>) | undefined;
  /** A message of the client has been handed to the upstream to its last byte. */
  onMessage(bytes: number): void;
};

/**
 * Two sockets after the handshake. Frames pass unchanged, so whatever both ends agreed on is theirs; the gateway adds
 * at most one close frame on each side, between two frames. `ended` resolves when both sockets are closed.
 */
export class Tunnel {
  readonly ended: Promise<SocketCause>;
  /** From the client to the upstream, and back. */
  readonly up: Lane;
  readonly down: Lane;
  /** When it began to end, monotonic ms. */
  closingSinceMs: number | undefined;
  readonly #client: Duplex;
  readonly #upstream: Duplex;
  readonly #clock: Clock;
  readonly #blame = new ClientBlame();
  readonly #gone = new Set<Lane>();
  readonly #closing = new AbortController();
  #cause: SocketCause | undefined;
  #closed = false;
  #bounded = false;

  constructor(options: TunnelOptions) {
    const { client, upstream, clock, limits, packed } = options;
    this.#client = client.socket;
    this.#upstream = upstream.socket;
    this.#clock = clock;
    const rules = {
      packed,
      frameBytesMax: limits.websocketFrameBytesMax,
      messageBytesMax: limits.websocketMessageBytesMax,
    };
    const { pay, onMessage } = options;
    const onPong = (payload: string) => this.#blame.ponged(payload);
    const upEvents = { ...this.#events('client'), pay, onMessage, onBeat: onPong };
    this.up = new Lane(client.socket, upstream.socket, { ...rules, masked: true }, clock, upEvents);
    const onPing = (payload: string) => this.#blame.pinged(payload, this.up.pace.timeMs(clock.monotonicMs()));
    const downEvents = { ...this.#events('upstream'), onBeat: onPing };
    this.down = new Lane(upstream.socket, client.socket, { ...rules, masked: false }, clock, downEvents);
    this.ended = Promise.all([this.#watch(client.socket, this.up), this.#watch(upstream.socket, this.down)]).then(
      () => {
        this.#closing.abort();
        return this.#cause ?? 'closed';
      },
    );
    this.down.start(upstream.rest);
    this.up.start(client.rest);
  }

  /** Lets nothing pass until `resume`. */
  pause(): void {
    this.up.pause();
    this.down.pause();
  }

  resume(): void {
    this.up.resume();
    this.down.resume();
  }

  /** A close frame has come or gone, or a side has left: it is a matter of seconds now. */
  get isClosing(): boolean {
    return this.#cause !== undefined;
  }

  get lastByteMs(): number {
    return Math.max(this.up.lastByteMs, this.down.lastByteMs);
  }

  get behindSinceMs(): number {
    const { up, down } = this;
    return Math.min(up.behindSinceMs ?? Number.POSITIVE_INFINITY, down.behindSinceMs ?? Number.POSITIVE_INFINITY);
  }

  /** Ends both sides with a close frame. The words are for the client alone: its money is no affair of the upstream. */
  close({ code, reason }: Closing): void {
    this.#end(this.#ownCause(), { code, reason }, { code, reason: '' });
  }

  /** The same, with a moment for the upstream to say what it still has to: the client has paid for that. */
  closeSoon({ code, reason }: Closing): void {
    if (this.#cause !== undefined) return;
    this.#setCause('gateway');
    this.#boundClose();
    const frame = closeFrame(code, reason, undefined);
    this.down.endInstead(frame);
    this.up.end(closeFrame(code, '', randomBytes(4)));
    void this.#clock.sleep(lastWordsMs, this.#closing.signal).then(() => this.down.end(frame));
  }

  /** Ends both sockets now, for one that takes nothing any more. */
  giveUp(): void {
    this.#setCause(this.#ownCause());
    this.destroy();
  }

  destroy(): void {
    this.#setCause('gateway');
    this.#client.destroy();
    this.#upstream.destroy();
  }

  /** Whose end it is when the gateway makes it: a message that its client had left unfinished is cut by that client. */
  #ownCause(): SocketCause {
    return leftUnfinished(this.up, this.#clock.monotonicMs()) ? 'client' : 'gateway';
  }

  /** Whoever was first stays it. */
  #setCause(cause: SocketCause): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.closingSinceMs = this.#clock.monotonicMs();
  }

  #events(sender: 'client' | 'upstream'): LaneEvents {
    return {
      pay: undefined,
      onMessage: () => undefined,
      onBeat: () => undefined,
      onClosed: () => {
        this.#setCause('closed');
        this.#boundClose();
        this.#settle();
      },
      // Whoever reads the reason can correct its own frames only.
      onFault: ({ code, detail }) => {
        const own = { code, reason: detail };
        const others = { code, reason: `from the ${sender}: ${detail}` };
        this.#end(sender, sender === 'client' ? own : others, sender === 'client' ? others : own);
      },
      onUnpaid: (stop) => this.closeSoon(stop),
    };
  }

  #end(cause: SocketCause, forClient: Closing, forUpstream: Closing): void {
    if (this.#cause !== undefined && this.#cause !== 'closed') return;
    this.#setCause(cause);
    this.#boundClose();
    this.down.end(closeFrame(forClient.code, forClient.reason, undefined));
    this.up.end(closeFrame(forUpstream.code, forUpstream.reason, randomBytes(4)));
    this.#settle();
  }

  /** Resolves when the socket is closed. A side that leaves without a close frame has the other one told. */
  #watch(socket: Duplex, lane: Lane): Promise<void> {
    const leave = () => {
      if (this.#gone.has(lane)) return;
      this.#gone.add(lane);
      this.#left(lane);
    };
    socket.on('error', () => socket.destroy());
    socket.on('end', leave);
    return new Promise((resolve) => {
      socket.once('close', () => {
        leave();
        resolve();
      });
      if (!socket.closed) return;
      leave();
      resolve();
    });
  }

  #left(lane: Lane): void {
    const blame = lane === this.down ? this.#blame.judge(this.up, this.down, this.#clock.monotonicMs()) : undefined;
    const other = lane === this.up ? this.down : this.up;
    // Nobody is there to read on; a client that has only ended its own side still may.
    if (lane === this.down || this.#client.destroyed) other.mute();
    if (!lane.tracker.closed) {
      this.#setCause(lane === this.up || blame !== undefined ? 'client' : 'upstream');
      this.#boundClose();
      const code = other.tracker.closed ? 1000 : lane === this.up ? 1001 : 1011;
      const broken = blame === undefined ? 'the upstream broke off' : `the upstream broke off: ${blame}`;
      lane.end(closeFrame(code, code === 1011 ? broken : '', lane === this.up ? randomBytes(4) : undefined));
    }
    const far = lane === this.up ? this.#upstream : this.#client;
    // The frame under way has no end any more, so nothing can be said behind it.
    if (lane.waits) far.destroy();
    // Nobody is left to hear what the other side still says.
    else if (lane === this.down || this.#client.destroyed) far.end();
    this.#settle();
  }

  /** Both sides have said all they will: what is written leaves, and the sockets end. */
  #settle(): void {
    const isDone = (lane: Lane) => lane.tracker.closed || lane.tracker.fault !== undefined || this.#gone.has(lane);
    if (this.#closed || !isDone(this.up) || !isDone(this.down)) return;
    this.#closed = true;
    for (const socket of [this.#client, this.#upstream]) if (!socket.destroyed) socket.end();
  }

  #boundClose(): void {
    if (this.#bounded) return;
    this.#bounded = true;
    void this.#clock.sleep(closeWaitMs, this.#closing.signal).then(() => this.destroy());
  }
}
