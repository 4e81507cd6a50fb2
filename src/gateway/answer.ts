import type { FinishOutcome } from '../billing/charging.ts';
import type { Clock } from '../clock.ts';
import type { AnswerCopy } from './answer-copy.ts';
import type { AnswerFraming } from './answer-writer.ts';
import type { Exchange } from './exchange.ts';
import type { Sink, UpstreamCall } from './forward.ts';
import { ReadingPauses } from './reading-pauses.ts';
import { brokenBy } from './upstream-failure.ts';

export type Relayed = { outcome: FinishOutcome; bytesOut: number };

export type Answer = {
  status: number;
  fields: string[];
  /** Field lines behind those, ready as text. */
  lines: string;
  framing: AnswerFraming;
  /** `fields` have the upstream's Date. */
  hasDate: boolean;
  /** Longest time a client may leave its answer unread, ms. */
  idleTimeoutMs: number;
  /** Keeps the answer as it passes, for those that are asked for again. */
  copy: AnswerCopy | undefined;
  /** Measures how long the client leaves it unread. */
  clock: Clock;
  /** What of the upstream's trailers the client may see. */
  trailers(fields: string[]): string[];
};

/**
 * Writes the answer as it comes, with back-pressure, and says how it has ended one way or the other: at once, when all of
 * it has come already and leaves in one write. The first byte leaves here: whatever had to be decided or written before it
 * has been.
 */
export function relay(exchange: Exchange, upstream: UpstreamCall, answer: Answer): Relayed | Promise<Relayed> {
  const sink = new AnswerSink(exchange, upstream, answer);
  if (exchange.clientGone) {
    sink.gone();
    // An answer that is kept is read on without its client.
    if (sink.reads) upstream.attach(sink);
    return sink.ended();
  }
  exchange.onGone = sink.gone;
  exchange.onDrain = sink.caughtUp;
  exchange.answer.head(answer.status, answer.fields, answer.framing, answer.hasDate, answer.lines);
  // A body of known length that has come whole is one write anyway; of anything else, what has come leaves together.
  if (answer.framing.kind === 'length') upstream.attach(sink);
  else exchange.answer.together(() => upstream.attach(sink));
  // An event stream may be silent for long after its head: the head leaves now, with whatever has come.
  sink.begun();
  return sink.ended();
}

class AnswerSink implements Sink {
  readonly #exchange: Exchange;
  readonly #upstream: UpstreamCall;
  readonly #answer: Answer;
  #relayed: Relayed | undefined;
  #resolve: ((relayed: Relayed) => void) | undefined;
  #bytesOut = 0;
  #begun = false;
  #ended = false;
  /** Made when the client is behind for the first time: most never are. */
  #pauses: ReadingPauses | undefined;
  /** The client has left, and the answer is read to be kept. */
  reads = false;
  #readOn: NodeJS.Timeout | undefined;

  constructor(exchange: Exchange, upstream: UpstreamCall, answer: Answer) {
    this.#exchange = exchange;
    this.#upstream = upstream;
    this.#answer = answer;
  }

  ended(): Relayed | Promise<Relayed> {
    return (
      this.#relayed ??
      new Promise((resolve) => {
        this.#resolve = resolve;
      })
    );
  }

  data(chunk: Buffer): boolean {
    this.#answer.copy?.add(chunk);
    if (this.reads) {
      // Until it turns out that the answer cannot be kept.
      if (!this.#answer.copy?.open) this.#leave();
      return true;
    }
    this.#bytesOut += chunk.length;
    if (this.#exchange.answer.write(chunk)) return true;
    this.#pauses ??= new ReadingPauses();
    this.#pauses.began(this.#answer.clock.monotonicMs());
    this.#exchange.connection.stalled(this.#answer.idleTimeoutMs);
    return false;
  }

  end(trailers: string[]): void {
    this.#ended = true;
    // A replay has no place for trailers, and without its grpc-status an answer is another one.
    if (trailers.length === 0) this.#answer.copy?.end();
    else this.#answer.copy?.giveUp();
    if (this.reads) {
      this.#done('client_gone');
      return;
    }
    this.#exchange.answer.end(trailers.length === 0 ? trailers : this.#answer.trailers(trailers));
    if (this.#begun) this.#flush();
  }

  broken(error: Error): void {
    this.#done(brokenBy(error, this.#pauses?.judge(this.#answer.clock.monotonicMs()) ?? 'kept_up'));
    this.#exchange.answer.break();
  }

  begun(): void {
    this.#begun = true;
    if (this.#ended) this.#flush();
    else this.#exchange.answer.flushHead();
  }

  /** The answer is over for the client when it has left this machine's buffers; that takes bounded time too. */
  #flush(): void {
    const { answer, connection } = this.#exchange;
    if (answer.waitingBytes > 0) connection.stalled(this.#answer.idleTimeoutMs);
    answer.whenFlushed(this.#flushed);
  }

  readonly #flushed = (): void => {
    this.#exchange.connection.caughtUp();
    this.#done('completed');
  };

  readonly caughtUp = (): void => {
    this.#pauses?.ended(this.#answer.clock.monotonicMs());
    this.#upstream.resume();
  };

  readonly gone = (): void => {
    if (this.#relayed || this.reads) return;
    if (this.#answer.copy?.open) {
      this.reads = true;
      this.#readOn = setTimeout(this.#leave, this.#answer.copy.readOnTimeoutMs);
      this.caughtUp();
      return;
    }
    this.#leave();
  };

  readonly #leave = (): void => {
    this.#done(this.#exchange.cutOff ? 'gateway_failed' : 'client_gone');
    this.#upstream.abort(new Error('the client left'));
  };

  #done(outcome: FinishOutcome): void {
    clearTimeout(this.#readOn);
    this.#relayed ??= { outcome, bytesOut: this.#bytesOut };
    this.#resolve?.(this.#relayed);
  }
}
