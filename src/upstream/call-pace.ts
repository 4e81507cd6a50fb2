import { bytesMin, ConsumerPace, heldUpMs, slowMs } from './consumer-pace.ts';
import { ReadingCredit } from './reading-credit.ts';

/** What a connection's call waits for at the moment of a sweep. */
export type CallStanding = {
  /** Its answer lies here, and its consumer does not read on. */
  isUnread: boolean;
  isAnswering: boolean;
  /** The rest of its body is for its consumer to send. */
  waitsForBody: boolean;
  /** Nothing of its body can be written any more. */
  isBodyLost: boolean;
  /** How much of its body has been sent. */
  sentBytes: number;
};

/** How fast the consumer of a connection's call sends its body and takes its answer, as sweeps see it. */
export class CallPace {
  /** It keeps the connection waiting and hardly moves. */
  isSlow = false;
  /** Behind the head the rest of its body has stopped for long: an upstream that ends the call may do so for that. */
  hasStopped = false;
  #answerBytes = 0;
  /** How much of its body had been sent when the upstream was last heard. */
  #sentWhenHeard = 0;
  readonly #pace = new ConsumerPace();
  readonly #bodyPace = new ConsumerPace();
  readonly #credit = new ReadingCredit();

  /** Another call begins. */
  restart(): void {
    this.#pace.restart();
    this.#bodyPace.restart();
    this.#credit.restart();
    this.isSlow = false;
    this.hasStopped = false;
    this.#answerBytes = 0;
  }

  /** So much of the answer has come. */
  answered(bytes: number): void {
    this.#answerBytes += bytes;
  }

  heard(sentBytes: number): void {
    this.#sentWhenHeard = sentBytes;
  }

  /** Whether an answer that has paused may wait for the rest of the body: next to nothing of it has come since, or just now. */
  holdsUp(sentBytes: number): boolean {
    return this.hasStopped || sentBytes - this.#sentWhenHeard < bytesMin;
  }

  look(nowMs: number, { isUnread, isAnswering, waitsForBody, isBodyLost, sentBytes }: CallStanding): void {
    const bytes = this.#answerBytes + sentBytes;
    const isEarned = this.#credit.covers(nowMs, this.#answerBytes) && isUnread;
    const waitedMs = this.#pace.waitedMs(nowMs, isUnread || (waitsForBody && !isAnswering), bytes);
    this.isSlow = waitedMs >= slowMs && !isEarned;
    // Once it cannot be written any more nothing new is learnt.
    if (isBodyLost) return;
    this.hasStopped = this.#bodyPace.waitedMs(nowMs, waitsForBody && isAnswering, bytes) >= heldUpMs;
  }
}
