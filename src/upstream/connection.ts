import type { Socket } from 'node:net';
import type { Framing } from '../http1/response-framing.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { AnswerReader, type AnswerSink } from './answer-reader.ts';
import { CallPace } from './call-pace.ts';
import type { ConnectionOwner } from './connection-owner.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { KeepTime } from './keep-time.ts';
import { RequestWriter } from './request-writer.ts';
import { SweptTimer } from './swept-timer.ts';
import { brokenConnection, dialError, UpstreamError, type UpstreamErrorKind } from './upstream-error.ts';
import type { UpstreamExchange } from './upstream-exchange.ts';

/** For an answer that came before its connection was reset: it is here already, or never comes. */
const lingerMs = 1_000;

/** One connection to an upstream, for one call at a time. */
export class Connection implements AnswerSink {
  state: 'dialing' | 'idle' | 'busy' | 'handed_over' | 'closed' = 'dialing';
  call: UpstreamExchange | undefined;
  readonly #owner: ConnectionOwner;
  readonly #settings: ConnectionSettings;
  readonly #socket: Socket;
  readonly #reader: AnswerReader;
  readonly #request: RequestWriter;
  #paused = false;
  readonly #pace = new CallPace();
  #securing = false;
  /** Time to connect, then time to stay idle. */
  readonly #timer = new SweptTimer();
  readonly #keep = new KeepTime();

  constructor(owner: ConnectionOwner, settings: ConnectionSettings, call: UpstreamExchange | undefined) {
    this.#owner = owner;
    this.#settings = settings;
    this.call = call;
    this.#reader = new AnswerReader(this, settings.answerHeadBytesMax);
    this.#timer.start(settings.connectTimeoutMs);
    const { dialer, readBuffer } = settings;
    this.#socket = dialer.dial(
      readBuffer && {
        buffer: readBuffer,
        callback: (bytes, buffer) => {
          this.#read(buffer as Buffer, bytes);
          return true;
        },
      },
    );
    this.#request = new RequestWriter(this.#socket, () => this.#timer.start(lingerMs));
    this.#listen(dialer.isTls);
  }

  /** False when the socket has ended and its event is still to come. */
  get isUsable(): boolean {
    return this.state === 'idle' && this.#socket.writable && !this.#socket.readableEnded;
  }

  /** Whether the rest of its call's body is for the consumer to send. */
  get waitsForBody(): boolean {
    return this.#request.waitsForBody;
  }

  /** Whether the rest of that body is what an answer that has paused may wait for. */
  get isHeldUp(): boolean {
    return this.waitsForBody && this.#pace.holdsUp(this.#request.sentBytes);
  }

  /** Its call keeps it waiting for a consumer who hardly moves. */
  get isSlow(): boolean {
    return this.#pace.isSlow;
  }

  /**
   * How fast its consumer has sent a body that has taken longer than the call's time for a first byte, in bytes per ms; undefined
   * while it has that time, and while not the consumer is what it waits for.
   */
  overdueUpload(nowMs: number): number | undefined {
    const { call } = this;
    if (call?.state !== 'sent' || !this.waitsForBody) return undefined;
    const overdueMs = call.overdueMs(nowMs);
    return overdueMs < 0 ? undefined : this.#request.sentBytes / (overdueMs + call.request.firstByteTimeoutMs);
  }

  /** Sends the request of this call. */
  begin(call: UpstreamExchange): void {
    this.state = 'busy';
    this.call = call;
    call.connection = this;
    call.state = 'sent';
    this.#pace.restart();
    this.#timer.stop();
    this.#reader.begin(call.request.method, call.upgrade !== undefined);
    call.handler.onSent();
    if (this.call !== call) return;
    const { dialer, basePath } = this.#settings;
    this.#request.send(call, dialer.host, basePath);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.call) this.#heard(this.call);
    this.#socket.resume();
  }

  /** The call it is being made for has left; whoever comes next can have it. */
  letGo(): void {
    this.call = undefined;
    this.#owner.unanswered('aborted');
  }

  /** Its call has failed, and takes the connection along. */
  giveUp(kind: UpstreamErrorKind, answered: boolean): void {
    // An upstream that hangs up on a body may mean that body: another call's trouble it is not.
    const refusesBody = !this.#request.isSent && (kind === 'reset' || kind === 'closed');
    if (!answered) this.#owner.unanswered(refusesBody ? 'request_body' : kind);
    this.drop();
  }

  /** Ends the connection; its call, if there is one, hears nothing of it. */
  drop(): void {
    if (this.state === 'closed') return;
    this.#leave();
    this.state = 'closed';
    this.#socket.destroy();
    this.#owner.closed(this);
  }

  sweep(nowMs: number): void {
    this.call?.sweep(nowMs);
    this.#pace.look(nowMs, {
      isUnread: this.#paused && this.call?.handler.holdsBack !== true,
      isAnswering: this.call?.state === 'answering',
      waitsForBody: this.waitsForBody,
      isBodyLost: this.#request.failure !== undefined,
      sentBytes: this.#request.sentBytes,
    });
    this.#keep.look(nowMs);
    if (this.#keep.isOver && this.state === 'idle') this.drop();
    if (!this.#timer.isDue(nowMs)) return;
    const { failure } = this.#request;
    // A consumer that is behind has not read what is here.
    if (failure && this.#paused) this.#timer.start(lingerMs);
    else if (failure) this.#lost(failure);
    else if (this.state === 'idle') this.drop();
    else if (this.state === 'dialing') {
      this.#dialFailed(new UpstreamError('connect_timeout', 'the upstream did not connect in time'));
    }
  }

  informational(head: ResponseHead): void {
    this.call?.handler.onInformational(head.status, head.fields);
  }

  head(head: ResponseHead, framing: Framing): void {
    const { call } = this;
    if (!call) return;
    call.state = 'answering';
    this.#heard(call);
    this.#owner.answered();
    call.handler.onHead(head, framing);
  }

  data(view: Buffer): void {
    const { call } = this;
    if (!call) return;
    this.#heard(call);
    this.#pace.answered(view.length);
    if (this.#request.failure) this.#timer.start(lingerMs);
    // What is read is overwritten by the next read, of whatever connection.
    if (call.handler.onData(this.#settings.readBuffer ? Buffer.from(view) : view) || this.call !== call) return;
    this.#paused = true;
    call.paused();
    this.#socket.pause();
  }

  done(trailers: string[]): void {
    const { call } = this;
    // An upstream that answers before it has read all leaves the rest of the body on its way.
    const { isSent, failure } = this.#request;
    const idleMs = this.#keep.idleMs(this.#reader.keepAliveMs);
    const keep = this.#reader.mayKeep && isSent && !failure && !this.#keep.isOver && idleMs > 0;
    const paused = this.#paused;
    this.#leave();
    if (call) call.state = 'ended';
    if (keep) {
      this.state = 'idle';
      this.#timer.start(idleMs);
      if (paused) this.#socket.resume();
      this.#owner.idle(this);
    } else this.drop();
    call?.handler.onEnd(trailers);
  }

  upgraded(head: ResponseHead, rest: Buffer): void {
    const { call } = this;
    if (!call?.upgrade) return;
    this.#leave();
    call.state = 'ended';
    this.state = 'handed_over';
    this.#socket.pause();
    this.#socket.removeAllListeners('data').removeAllListeners('end').removeAllListeners('drain');
    this.#owner.answered();
    call.upgrade.onUpgrade(head, this.#socket, Buffer.from(rest), this.#settings.dialer.origin);
  }

  fault(kind: 'protocol' | 'head_too_large' | 'closed', detail: string): void {
    this.#lost(new UpstreamError(kind, detail));
  }

  #heard(call: UpstreamExchange): void {
    call.heard();
    this.#pace.heard(this.#request.sentBytes);
  }

  #listen(isTls: boolean): void {
    const socket = this.#socket;
    if (isTls) {
      socket.on('connect', () => {
        this.#securing = true;
      });
    }
    socket.on(isTls ? 'secureConnect' : 'connect', () => {
      if (this.state !== 'dialing') return;
      this.state = 'idle';
      this.#timer.start(this.#keep.idleMs(-1));
      this.#keep.begin();
      this.#owner.dialed(this);
    });
    if (!this.#settings.readBuffer) socket.on('data', (chunk: Buffer) => this.#read(chunk, chunk.length));
    socket.on('drain', () => this.#request.drained());
    socket.on('end', () => {
      if (this.state === 'busy') this.#reader.ended();
      else if (this.state === 'idle') this.drop();
    });
    socket.on('error', (error) => this.#lost(error));
    socket.on('close', () => {
      if (this.state === 'handed_over') {
        this.state = 'closed';
        this.#owner.closed(this);
      } else this.#lost(new UpstreamError('closed', 'the upstream closed the connection'));
    });
  }

  #read(buffer: Buffer, bytes: number): void {
    if (this.state === 'busy') this.#reader.read(bytes === buffer.length ? buffer : buffer.subarray(0, bytes));
    // Nobody has asked: whatever it is, the next call must not take it for its answer.
    else this.drop();
  }

  #dialFailed(error: UpstreamError): void {
    this.state = 'closed';
    this.#socket.destroy();
    this.#owner.dialFailed(this, error);
  }

  #lost(error: Error): void {
    if (this.state === 'closed' || this.state === 'handed_over') return;
    if (this.state === 'dialing') {
      this.#dialFailed(dialError(error, this.#securing ? 'securing' : 'connecting'));
      return;
    }
    const { call } = this;
    if (call) call.fail(this.#reasonOf(error instanceof UpstreamError ? error : brokenConnection(error)));
    this.drop();
  }

  #reasonOf(error: UpstreamError): UpstreamError {
    if (!this.#pace.hasStopped || (error.kind !== 'closed' && error.kind !== 'reset')) return error;
    return new UpstreamError('slow_consumer', 'the upstream hung up on a request body that had stopped', error);
  }

  /** The call and this connection let go of each other. */
  #leave(): void {
    this.#request.stop();
    this.#reader.stop();
    this.#paused = false;
    if (this.call) this.call.connection = undefined;
    this.call = undefined;
  }
}
