import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { type Answer, relay } from '../../src/gateway/answer.ts';
import { AnswerWriter } from '../../src/gateway/answer-writer.ts';
import type { Exchange } from '../../src/gateway/exchange.ts';
import type { Sink, UpstreamCall } from '../../src/gateway/forward.ts';
import { ReadingPauses, unreadMs } from '../../src/gateway/reading-pauses.ts';
import { UpstreamError, type UpstreamErrorKind } from '../../src/upstream/upstream-error.ts';

/** Who pays for an answer that breaks off behind a consumer who has let it wait. */

/** An answer on its way to a consumer who takes a piece only when the test says so. */
function answering() {
  const clock = fakeClock();
  let take: (() => void) | undefined;
  const socket = new Duplex({
    highWaterMark: 1,
    read() {},
    write(_chunk, _encoding, taken) {
      take = taken;
    },
  });
  socket.on('error', () => {});
  let sink: Sink | undefined;
  let resumed = 0;
  const upstream = {
    attach: (given: Sink) => {
      sink = given;
    },
    resume: () => {
      resumed++;
    },
  } as unknown as UpstreamCall;
  const exchange = {
    answer: new AnswerWriter(
      socket,
      () => {},
      () => 'now',
    ),
    connection: { stalled() {}, caughtUp() {} },
  } as unknown as Exchange;
  const answer: Answer = {
    status: 200,
    fields: [],
    lines: '',
    framing: { kind: 'length', bytes: 100 },
    hasDate: false,
    idleTimeoutMs: 60_000,
    copy: undefined,
    clock,
    trailers: (fields) => fields,
  };
  const relayed = relay(exchange, upstream, answer);
  socket.on('drain', () => exchange.onDrain?.());
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  async function reads() {
    const before = resumed;
    while (resumed === before) {
      take?.();
      await turn();
    }
  }
  return {
    /** A piece comes; the consumer takes it after this time. */
    async piece(afterMs: number) {
      expect(sink?.data(Buffer.from('piece'))).toBe(false);
      clock.advance(afterMs);
      await reads();
    },
    unread: () => expect(sink?.data(Buffer.from('piece'))).toBe(false),
    pass: (ms: number) => clock.advance(ms),
    async breaks(kind: UpstreamErrorKind) {
      sink?.broken(new UpstreamError(kind, 'a test'));
      return (await relayed).outcome;
    },
  };
}

describe('an upstream that ends its answer', () => {
  it.each(['closed', 'reset'] as const)(
    'behind a consumer who let it wait for long has been paid: %s',
    async (kind) => {
      const call = answering();
      await call.piece(unreadMs);
      await call.piece(1);
      expect(await call.breaks(kind)).toBe('client_gone');
    },
  );

  it('while its consumer still lets it wait has been paid', async () => {
    const call = answering();
    call.unread();
    call.pass(unreadMs);
    expect(await call.breaks('reset')).toBe('client_gone');
  });

  it.each([[[]], [[1, 1, 1]], [[unreadMs - 1, unreadMs - 1]], [[20_000, 25_000]]])(
    'behind one who kept up gives the money back: pauses of %j ms',
    async (pauses) => {
      const call = answering();
      for (const ms of pauses) await call.piece(ms);
      expect(await call.breaks('closed')).toBe('upstream_broke');
    },
  );

  it('long after such a pause, to a consumer who has kept up since, gives the money back', async () => {
    const call = answering();
    await call.piece(unreadMs);
    call.pass(unreadMs);
    expect(await call.breaks('closed')).toBe('upstream_broke');
  });

  it('has been paid as long as short pauses follow the long one', async () => {
    const call = answering();
    await call.piece(unreadMs);
    for (let i = 0; i < 4; i++) {
      call.pass(unreadMs - 1);
      await call.piece(1);
    }
    expect(await call.breaks('closed')).toBe('client_gone');
  });

  it.each(['protocol', 'idle_timeout'] as const)('in a way that no pause explains gives it back: %s', async (kind) => {
    const call = answering();
    await call.piece(unreadMs);
    expect(await call.breaks(kind)).toBe('upstream_broke');
  });
});

it('the time of the whole call is the consumer’s to keep while it is behind', async () => {
  const behind = answering();
  behind.unread();
  expect(await behind.breaks('total_timeout')).toBe('client_gone');
  const keptUp = answering();
  await keptUp.piece(1);
  expect(await keptUp.breaks('total_timeout')).toBe('upstream_broke');
});

it('an answer that a stopping gateway gives up is its own fault, whatever its consumer did', async () => {
  const behind = answering();
  behind.unread();
  behind.pass(unreadMs);
  expect(await behind.breaks('aborted')).toBe('gateway_failed');
});

it('a pause is judged by its own length', () => {
  const pauses = new ReadingPauses();
  expect(pauses.judge(0)).toBe('kept_up');
  pauses.began(0);
  pauses.began(1_000);
  expect([pauses.judge(unreadMs - 1), pauses.judge(unreadMs)]).toEqual(['behind', 'held_up']);
  pauses.ended(unreadMs - 1);
  expect(pauses.judge(unreadMs)).toBe('kept_up');
});
