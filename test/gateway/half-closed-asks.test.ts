import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { AnswerWriter } from '../../src/gateway/answer-writer.ts';
import type { Exchange } from '../../src/gateway/exchange.ts';
import { HalfClosed } from '../../src/gateway/half-closed.ts';
import { unreadHead } from '../../src/gateway/head.ts';

/** What is written to a client that sends no more, look by look, on a socket that notes it and a clock of the test's. */

function begin(minor: 0 | 1) {
  const written: string[] = [];
  const socket = {
    bytesWritten: 0,
    writableLength: 0,
    write(bytes: string | Buffer) {
      written.push(bytes.toString('latin1'));
      socket.bytesWritten += bytes.length;
      return true;
    },
  };
  const answer = new AnswerWriter(
    socket as unknown as Socket,
    () => {},
    () => 'now',
  );
  const exchange = { answer, head: { ...unreadHead, minor } } as Exchange;
  const halfClosed = new HalfClosed();
  const ask = (nowMs: number) => {
    written.length = 0;
    return [halfClosed.ask(socket as unknown as Socket, exchange, nowMs), ...written];
  };
  return { answer, ask, socket };
}

const interim = 'HTTP/1.1 100 Continue\r\n\r\n';

it('each look writes, be it nothing, and bytes that change no answer go out once ahead of it and once within', () => {
  const { answer, ask } = begin(1);
  expect(ask(0)).toEqual([true, '', interim]);
  expect(ask(500)).toEqual([true, '']);
  answer.head(200, [], { kind: 'chunked' });
  // Its head has not left yet.
  expect(ask(1_000)).toEqual([true, '']);
  answer.flushHead();
  expect(ask(1_500)).toEqual([true, '', '0']);
  expect(ask(1_000_000)).toEqual([true, '']);
  answer.end();
  expect(ask(1_000_500)).toEqual([true, '']);
});

it('nothing is asked behind the last chunk', () => {
  const { answer, ask } = begin(1);
  answer.head(200, [], { kind: 'chunked' });
  answer.end();
  expect(ask(0)).toEqual([true, '']);
});

it('HTTP/1.0 is asked nothing ahead of its answer, however late that comes', () => {
  const { ask } = begin(0);
  expect([ask(0), ask(600_000)]).toEqual([
    [true, ''],
    [true, ''],
  ]);
});

it.each(['length', 'until_close'] as const)('an answer framed by %s has 10 s for each pause', (kind) => {
  const { answer, ask, socket } = begin(0);
  answer.head(200, [], kind === 'length' ? { kind, bytes: 9 } : { kind });
  answer.write(Buffer.from('hello'));
  expect([ask(0), ask(9_500)]).toEqual([
    [true, ''],
    [true, ''],
  ]);
  answer.write(Buffer.from('w'));
  expect([ask(9_999), ask(19_500)]).toEqual([
    [true, ''],
    [true, ''],
  ]);
  expect(ask(19_999)).toEqual([false, '']);
  // Who has not read what is there has its time for that, and behind it 10 s as ever.
  answer.write(Buffer.from('o'));
  socket.writableLength = 1;
  expect([ask(100_000), ask(200_000)]).toEqual([[true], [true]]);
  socket.writableLength = 0;
  expect([ask(200_500), ask(210_499), ask(210_500)]).toEqual([
    [true, ''],
    [true, ''],
    [false, ''],
  ]);
});
