import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ClientConnection } from '../../src/gateway/client-connection.ts';
import type { Exchange } from '../../src/gateway/exchange.ts';
import { RequestBody } from '../../src/gateway/request-body.ts';
import { limits } from './make-config.ts';

const idleMs = limits.bodyIdleTimeoutMs;

/** The connection alone, on a stream in memory: what comes of its bytes, and what they cost. */

function open() {
  const heads: string[] = [];
  const faults: string[] = [];
  const time = { ms: 0 };
  const socket = new PassThrough();
  const connection = new ClientConnection(socket, socket as unknown as Socket, '192.0.2.1', limits, {
    onRequest: (_connection, { target }) => void heads.push(target),
    onFault: (_connection, code) => void faults.push(code),
    nowMs: () => time.ms,
  });
  const feed = (bytes: string) => void socket.emit('data', Buffer.from(bytes, 'latin1'));
  /** Moves time, and looks at the connection as the gateway does. */
  const pass = (ms: number) => {
    time.ms += ms;
    connection.checkTime(time.ms);
  };
  return { connection, feed, heads, faults, pass };
}

/** Bytes that are searched for a further byte where so much of a head is there already. */
function searchedFor(headBytes: number): number {
  const { feed, faults } = open();
  feed('GET / HTTP/1.1\r\n'.padEnd(headBytes, 'a:\r\n'));
  const search = vi.spyOn(Buffer.prototype, 'indexOf');
  onTestFinished(() => search.mockRestore());
  feed('a');
  const { calls, contexts } = search.mock;
  search.mockRestore();
  expect(faults).toEqual([]);
  expect(calls.length).toBeGreaterThan(0);
  return calls.reduce((bytes, [, from], at) => bytes + (contexts[at] as Buffer).length - Number(from ?? 0), 0);
}

describe('a head that comes in pieces', () => {
  it('is searched for each piece where the piece is, not where it was before', () => {
    expect(searchedFor(15_600)).toBe(searchedFor(1_000));
    expect(searchedFor(15_600)).toBeLessThan(16);
  });

  it('is read the same wherever it is cut', () => {
    const text = '\r\nGET /a HTTP/1.1\r\nhost: x\r\n\r\n\r\nGET /b HTTP/1.1\r\nhost: x\r\n\r\n';
    for (let first = 1; first < text.length; first++) {
      for (let second = first + 1; second <= text.length; second++) {
        const { feed, heads, faults } = open();
        for (const piece of [text.slice(0, first), text.slice(first, second), text.slice(second)]) feed(piece);
        expect([heads, faults]).toEqual([['/a', '/b'], []]);
      }
    }
  });

  it.each(['GET / HTTP/1.1\nhost: x', 'GET / HTTP/1.1\r\nhost: x\na', 'GET / HTTP/1.1\r\nhost: x\ra'])(
    'with a broken line end is refused wherever it is cut: %j',
    (text) => {
      for (let at = 1; at < text.length; at++) {
        const { feed, faults } = open();
        feed(text.slice(0, at));
        feed(text.slice(at));
        expect(faults).toEqual(['bad_request']);
      }
    },
  );
});

describe('a first line that begins no request', () => {
  it.each(['GET /', 'GET / HTTP/0.9', 'GET / HTTP/2.0', 'GET', 'GET /a b HTTP/1.1', '{"method":"login"}'])(
    'is refused as soon as it has ended, wherever it is cut: %j',
    (line) => {
      const bytes = `${line}\r\n`;
      for (let at = 0; at < bytes.length; at++) {
        const { feed, heads, faults } = open();
        feed(bytes.slice(0, at));
        expect(faults).toEqual([]);
        feed(bytes.slice(at));
        expect([heads, faults]).toEqual([[], ['bad_request']]);
      }
    },
  );

  it('is refused behind another request too, and beyond the empty lines that are overlooked', () => {
    const { feed, heads, faults } = open();
    feed('GET /a HTTP/1.1\r\nhost: x\r\n\r\n\r\n\r\nGET /\r\n');
    expect([heads, faults]).toEqual([['/a'], ['bad_request']]);
    const empty = open();
    for (let i = 0; i < 3; i++) empty.feed('\r\n');
    expect(empty.faults).toEqual(['bad_request']);
  });
});

it('a body that broke ends its connection with the answer, whoever gave it', () => {
  const { connection, feed, heads } = open();
  feed('POST /a HTTP/1.1\r\nhost: x\r\n\r\n');
  const body = new RequestBody(connection, undefined);
  connection.begin({ body } as Exchange);
  feed('no chunk\r\n');
  expect(body.failure?.reason).toBe('bad_request');
  connection.done();
  feed('GET /b HTTP/1.1\r\nhost: x\r\n\r\n');
  expect([heads, connection.ended]).toEqual([['/a'], true]);
});

describe('the time of a request body', () => {
  function begun() {
    const opened = open();
    opened.feed('POST /a HTTP/1.1\r\nhost: x\r\n\r\n');
    const body = new RequestBody(opened.connection, undefined);
    opened.connection.begin({ body } as Exchange);
    return { ...opened, body };
  }

  it('is not renewed by a chunk extension, nor by the size of a chunk, nor by trailers', () => {
    for (const [first, drip] of [
      ['5;', 'a'],
      ['', '0'],
      ['5\r\nhello\r\n0\r\n', 'x'],
    ] as const) {
      const { feed, pass, body } = begun();
      feed(first);
      for (let i = 0; i < 2; i++) {
        pass(idleMs / 2 - 1);
        feed(drip);
        expect(body.failure).toBeUndefined();
      }
      pass(2);
      expect(body.failure?.reason, drip).toBe('request_timeout');
    }
  });

  it('is renewed by each byte of the body', () => {
    const { feed, pass, body } = begun();
    feed('1000\r\n');
    for (let i = 0; i < 5; i++) {
      feed('a');
      pass(idleMs - 1);
    }
    expect(body.failure).toBeUndefined();
    pass(1);
    expect(body.failure?.reason).toBe('request_timeout');
  });

  it('stands still while nobody takes the body, also when more of it comes', () => {
    const { feed, pass, body } = begun();
    let ready = false;
    body.start({ data: () => ready, end() {}, fail() {} });
    feed('1000\r\nhello');
    feed('hello');
    pass(10 * idleMs);
    expect(body.failure).toBeUndefined();
    ready = true;
    body.resume();
    pass(idleMs);
    expect(body.failure?.reason).toBe('request_timeout');
  });
});
