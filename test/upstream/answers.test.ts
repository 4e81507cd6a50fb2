import { describe, expect, it } from 'vitest';
import { answering, apiOf, call, makeUpstreams, ok, serve, until } from './rig.ts';

describe('an answer', () => {
  it('comes whole, on one connection for calls that follow each other', async () => {
    const server = await serve(answering(ok));
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin);
    for (let i = 0; i < 3; i++) {
      const { outcome } = await settled(call(upstreams, api, { target: `/a?${i}`, lines: 'X-One: v\r\n' }));
      expect(outcome).toMatchObject({ status: 200, fields: ['content-length', '5'], body: 'hello', sent: 1, late: 0 });
    }
    expect(server.received).toEqual([
      [0, 1, 2].map((i) => `GET /a?${i} HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nX-One: v\r\n\r\n`).join(''),
    ]);
  });

  it.each([
    ['', '/v1', '/v1'],
    ['?q', '', '/?q'],
    ['', '', '/'],
    ['/a/b?q', '/v1', '/v1/a/b?q'],
  ])('is asked for at %s under %s', async (target, basePath, path) => {
    const server = await serve(answering(ok));
    await settled(call(makeUpstreams(), apiOf(server.origin, { basePath }), { target }));
    expect(server.received[0]?.split('\r\n')[0]).toBe(`GET ${path} HTTP/1.1`);
  });

  it.each(['POST', 'PUT', 'PATCH'])('to %s without a body is asked for with its length', async (method) => {
    const server = await serve(answering(ok));
    await settled(call(makeUpstreams(), apiOf(server.origin), { method }));
    expect(server.received[0]).toContain('\r\ncontent-length: 0\r\n\r\n');
  });

  it.each([
    ['a length', 'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world', 'hello world', []],
    [
      'chunks and trailers',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n',
      'hello world',
      ['X-Sum', '1'],
    ],
    ['no reason phrase', 'HTTP/1.1 200\r\ncontent-length: 11\r\n\r\nhello world', 'hello world', []],
    ['an empty body', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', '', []],
    ['early hints', 'HTTP/1.1 103 E\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', 'ok', []],
  ])('with %s is the same in any pieces', async (_, answer, body, trailers) => {
    for (const size of [1, 2, 3, 7, answer.length]) {
      const server = await serve((socket) => {
        socket.on('data', () => {
          for (let at = 0; at < answer.length; at += size) socket.write(answer.slice(at, at + size));
        });
      });
      const upstreams = makeUpstreams();
      const { outcome } = await settled(call(upstreams, apiOf(server.origin)));
      expect(outcome).toMatchObject({ status: 200, body, trailers, error: undefined, late: 0 });
      expect(upstreams.states()).toMatchObject([{ calls: 0, idle: 1 }]);
    }
  });

  it('in many small chunks comes in as many pieces as it was read in, and whole', async () => {
    const texts = Array.from({ length: 500 }, (_, at) => String(at).repeat(1 + (at % 3)));
    const chunks = texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
    const server = await serve(answering(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`));
    let pieces = 0;
    const { outcome } = await settled(call(makeUpstreams(), apiOf(server.origin), { onData: () => ++pieces > 0 }));
    expect(outcome).toMatchObject({ body: texts.join(''), trailers: [] });
    expect(pieces).toBeLessThan(20);
  });

  it('without a declared end ends with its connection', async () => {
    const server = await serve((socket) => {
      socket.on('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'));
    });
    const { outcome } = await settled(call(makeUpstreams(), apiOf(server.origin)));
    expect(outcome).toMatchObject({ body: 'all of it', trailers: [], framing: { kind: 'until_close' } });
  });

  it.each([
    [1, 'GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    [1, 'GET', 'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n'],
    [1, 'GET', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
    [2, 'GET', 'HTTP/1.1 204 No Content\r\ncontent-length: 500\r\n\r\n'],
    [2, 'GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\n\r\n'],
    [2, 'GET', 'HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n'],
    [2, 'HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n'],
    [2, 'HEAD', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'],
    [2, 'HEAD', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])(
    'without a body is the last on its connection when a body is spoken of: %d for two of %s, %j',
    async (connections, method, answer) => {
      const server = await serve(answering(answer));
      const upstreams = makeUpstreams();
      const api = apiOf(server.origin);
      for (let i = 0; i < 2; i++) {
        const { outcome } = await settled(call(upstreams, api, { method }));
        expect(outcome).toMatchObject({ body: '', trailers: [], framing: { kind: 'none' } });
      }
      expect(server.sockets).toHaveLength(connections);
    },
  );

  it('tells of informational heads, and the final one decides', async () => {
    const hints = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
    const server = await serve(answering(hints + ok));
    const { outcome } = await settled(call(makeUpstreams(), apiOf(server.origin)));
    expect(outcome).toMatchObject({ informational: [100, 103], status: 200, body: 'hello' });
  });

  it.each([
    'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nConnection: x, Close\r\ncontent-length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nkeep-alive: timeout=0\r\ncontent-length: 5\r\n\r\nhello',
    'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello',
  ])('that lets nothing follow is the last on its connection: %j', async (answer) => {
    const server = await serve(answering(answer));
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin);
    await settled(call(upstreams, api));
    expect(upstreams.states()).toMatchObject([{ calls: 0, idle: 0 }]);
    await settled(call(upstreams, api));
    expect(server.sockets).toHaveLength(2);
  });

  it('waits for a consumer that is behind, and goes on when it has caught up', async () => {
    const bytes = 8 * 1024 * 1024;
    const server = await serve((socket) => {
      socket.on('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`);
        socket.write(Buffer.alloc(bytes, 'x'));
      });
    });
    let seen = 0;
    let reads = 0;
    const slow = call(makeUpstreams(), apiOf(server.origin), {
      onData(chunk) {
        seen += chunk.length;
        reads++;
        return false;
      },
    });
    await until(() => reads === 1);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(reads).toBe(1);
    const timer = setInterval(() => slow.handle.resume(), 0);
    await slow.ended;
    clearInterval(timer);
    expect(seen).toBe(bytes);
    expect(slow.outcome.error).toBeUndefined();
  });

  it('keeps its bytes while other connections read on', async () => {
    const server = await serve(
      answering((request) => {
        const letter = request.charAt(5);
        return `HTTP/1.1 200 OK\r\ncontent-length: 3000\r\n\r\n${letter.repeat(3_000)}`;
      }),
    );
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin);
    const kept: Buffer[][] = [];
    const calls = [...'abcdefgh'].map((letter) => {
      const chunks: Buffer[] = [];
      kept.push(chunks);
      return call(upstreams, api, { target: `/${letter}`, onData: (chunk) => chunks.push(chunk) > 0 });
    });
    await Promise.all(calls.map((one) => one.ended));
    expect(kept.map((chunks) => Buffer.concat(chunks).toString())).toEqual(
      [...'abcdefgh'].map((letter) => letter.repeat(3_000)),
    );
  });
});

async function settled(one: ReturnType<typeof call>) {
  await one.ended;
  return one;
}
