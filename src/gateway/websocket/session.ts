import { endOfPurchase, type SocketCause } from '../../billing/socket-charging.ts';
import type { GatewayLimits, Route } from '../../catalog/model.ts';
import type { Clock } from '../../clock.ts';
import { type ErrorCode, errorStatus, errorTable } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Closing, Payment } from './lane.ts';
import type { Purchase, SocketTill } from './till.ts';
import { Tunnel, type TunnelEnd } from './tunnel.ts';

const minuteMs = 60_000;

export type SessionOptions = {
  route: Route;
  limits: Pick<
    GatewayLimits,
    'websocketFrameBytesMax' | 'websocketMessageBytesMax' | 'websocketIdleTimeoutMs' | 'websocketCheckIntervalMs'
  >;
  clock: Clock;
  /** Undefined for a route open to anyone, which is free. */
  till: SocketTill | undefined;
  /** What the opening has bought: the connection, or its first minute. */
  opening: Purchase | undefined;
  client: TunnelEnd;
  upstream: TunnelEnd;
  packed: boolean;
  /** For a route without a token: whether its API is paused. */
  isPaused(): boolean;
  /** Whether the catalog in force sells what the connection was opened for. */
  isSold(): boolean;
  log: Log;
};

/** An open WebSocket, from its 101 to its last close: who pays for what, and when it has to end. */
export class SocketSession {
  readonly tunnel: Tunnel;
  readonly #options: SessionOptions;
  readonly #over = new AbortController();
  /** Messages that are paid and not yet handed on, in order. */
  readonly #underWay: Purchase[] = [];
  /** The payment that is being written; the end waits for it. */
  #paying: Promise<Payment> | undefined;
  /** The connection or the minute that is running. */
  #running: Purchase | undefined;
  #runningSinceMs: number;
  #bytesUp = 0;
  #bytesDown = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { route, till } = options;
    this.#running = options.opening;
    this.#runningSinceMs = options.clock.monotonicMs();
    const byMessage = till !== undefined && route.websocket === 'message' && route.priceUnits > 0n;
    this.tunnel = new Tunnel({
      ...options,
      pay: byMessage
        ? (messages) => {
            this.#paying = this.#pay(till, messages);
            return this.#paying;
          }
        : undefined,
      onMessage: (bytes) => {
        const message = byMessage ? this.#underWay.shift() : undefined;
        if (message) void till?.end(message, endOfPurchase({ kind: 'message', handed: 'all' }, 'closed'), bytes);
      },
    });
  }

  /** For a gateway that stops. */
  leave(): void {
    this.tunnel.closeSoon({ code: 1001, reason: 'the gateway is shutting down' });
  }

  /** Resolves when both sockets are closed and all its rows are written. */
  async run(): Promise<SocketCause> {
    const watching = this.#watch().catch((error) => this.#fail(error));
    const cause = await this.tunnel.ended;
    this.#over.abort();
    await watching;
    await this.#paying;
    const { till } = this.#options;
    if (till) await this.#settle(till, cause);
    return cause;
  }

  async #pay(till: SocketTill, messages: number): Promise<Payment> {
    if (!this.#options.isSold()) return { paid: 0, stop: withdrawn };
    try {
      const { purchases, refused } = await till.buy(messages);
      this.#underWay.push(...purchases);
      return { paid: purchases.length, stop: refused && closingFor(refused) };
    } catch (error) {
      this.#fail(error);
      return { paid: 0, stop: closingFor('internal') };
    }
  }

  #fail(error: unknown): void {
    this.#options.log.error({ err: error, route: this.#options.route.template }, 'the gateway failed on a WebSocket');
    this.tunnel.destroy();
  }

  async #settle(till: SocketTill, cause: SocketCause): Promise<void> {
    // Messages do not mix: only the first one can have begun.
    let begun = this.tunnel.up.inMessage;
    for (const message of this.#underWay) {
      await till.end(message, endOfPurchase({ kind: 'message', handed: begun ? 'a part' : 'nothing' }, cause));
      begun = false;
    }
    if (this.#running) await this.#endTime(till, this.#running, cause);
  }

  async #endTime(till: SocketTill, purchase: Purchase, cause: SocketCause): Promise<void> {
    const { up, down } = this.tunnel;
    const [bytesIn, bytesOut] = [up.bytes - this.#bytesUp, down.bytes - this.#bytesDown];
    this.#bytesUp = up.bytes;
    this.#bytesDown = down.bytes;
    const endMs = this.tunnel.closingSinceMs ?? this.#options.clock.monotonicMs();
    const end = endOfPurchase({ kind: 'time', givenMs: endMs - this.#runningSinceMs }, cause);
    await till.end(purchase, end, bytesIn, bytesOut);
  }

  /** One timer for all that time decides: the next minute, the next look at token and balance, silence. */
  async #watch(): Promise<void> {
    const { clock, limits, route, till, isSold } = this.#options;
    const { websocketIdleTimeoutMs: idleMs, websocketCheckIntervalMs: checkMs } = limits;
    const byMinute = till !== undefined && route.websocket === 'minute' && route.priceUnits > 0n;
    const startMs = clock.monotonicMs();
    let minuteAtMs = byMinute ? startMs + minuteMs : Number.POSITIVE_INFINITY;
    let checkAtMs = startMs + checkMs;
    for (;;) {
      const silentAtMs = Math.min(this.tunnel.lastByteMs, this.tunnel.behindSinceMs) + idleMs;
      const dueMs = Math.min(minuteAtMs, checkAtMs, silentAtMs);
      await clock.sleep(Math.max(0, dueMs - clock.monotonicMs()), this.#over.signal);
      // A connection that is closing ends soon by itself, and nobody wants another minute of it.
      if (this.#over.signal.aborted || this.tunnel.isClosing) return;
      const nowMs = clock.monotonicMs();
      if (nowMs >= silentAtMs && this.#isSilent(nowMs, idleMs)) {
        return;
      }
      if (till && nowMs >= minuteAtMs) {
        minuteAtMs = nowMs + minuteMs;
        const closing = isSold() ? await this.#nextMinute(till) : withdrawn;
        if (closing) return this.tunnel.close(closing);
      }
      if (nowMs >= checkAtMs) {
        checkAtMs = nowMs + checkMs;
        const closing = isSold() ? await this.#look() : withdrawn;
        if (closing) return this.tunnel.close(closing);
      }
    }
  }

  #isSilent(nowMs: number, idleMs: number): boolean {
    const { lastByteMs, behindSinceMs } = this.tunnel;
    // A side that has not taken a byte for so long takes no close frame either.
    if (nowMs >= behindSinceMs + idleMs) this.tunnel.giveUp();
    else if (nowMs >= lastByteMs + idleMs) this.tunnel.close({ code: 1001, reason: 'nothing came for too long' });
    else return false;
    return true;
  }

  /** Nothing passes in a minute that is not paid. */
  async #nextMinute(till: SocketTill): Promise<Closing | undefined> {
    this.tunnel.pause();
    const { purchases, refused } = await till.buy(1);
    const [minute] = purchases;
    if (minute && (this.#over.signal.aborted || this.tunnel.isClosing)) {
      await till.end(minute, endOfPurchase({ kind: 'time', givenMs: undefined }, 'client'));
    } else if (minute) {
      if (this.#running) await this.#endTime(till, this.#running, 'closed');
      this.#running = minute;
      this.#runningSinceMs = this.#options.clock.monotonicMs();
    }
    this.tunnel.resume();
    return refused && closingFor(refused);
  }

  async #look(): Promise<Closing | undefined> {
    const { till, route, isPaused } = this.#options;
    if (!till) return isPaused() ? closingFor('api_paused') : undefined;
    // What runs is paid; messages still have to be.
    const refused = await (route.websocket === 'message' ? till.broke() : till.barred());
    return refused && closingFor(refused);
  }
}

/** RFC 6455 section 7.4.1: the endpoint goes away. Whoever opens another learns what is sold now. */
const withdrawn: Closing = { code: 1001, reason: 'what this connection was opened for is no longer sold' };

/** 1008 where the account has to do something, 1013 (try again later) where it cannot. */
export function closingFor(code: ErrorCode): Closing {
  return { code: errorStatus(code) < 429 ? 1008 : 1013, reason: `${code}: ${errorTable[code][1]}` };
}
