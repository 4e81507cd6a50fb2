import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { answering, apiOf, call, makeUpstreams, ok, serve, turn, until } from './rig.ts';

/** Sends one request to an upstream that says this and keeps the connection open. */
async function said(answer: string, options: Parameters<typeof call>[2] = {}) {
  const server = await serve(answering(answer));
  const upstreams = makeUpstreams();
  const { ended } = call(upstreams, apiOf(server.origin), options);
  return { ...(await ended), states: upstreams.states(), server };
}

const head = 'HTTP/1.1 200 OK\r\n';

describe('an upstream that is no HTTP server', () => {
  it.each([
    ['HTTP/0.9', 'hello'],
    ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['a lower-case version', 'http/1.1 200 OK\r\n\r\n'],
    ['an empty line first', `\r\n${ok}`],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a status above 599', 'HTTP/1.1 600 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['bare LF', 'HTTP/1.1 200 OK\ncontent-length: 5\n\nhello'],
    ['one bare LF', 'HTTP/1.1 200 OK\r\na: b\ncontent-length: 5\r\n\r\nhello'],
    ['a bare CR', 'HTTP/1.1 200 OK\r\na: b\rc: d\r\n\r\n'],
    ['a fold', `${head}a: b\r\n c\r\ncontent-length: 0\r\n\r\n`],
    ['a blank before a colon', `${head}content-length : 0\r\n\r\n`],
    ['a field without a colon', `${head}content-length\r\n\r\n`],
    ['a field without a name', `${head}: 5\r\n\r\n`],
    ['NUL in a value', `${head}a: b\0c\r\ncontent-length: 0\r\n\r\n`],
    ['a length and a coding', `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${head}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`],
    ['the same length twice', `${head}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`],
    ['a list of lengths', `${head}content-length: 5, 5\r\n\r\nhello`],
    ['a signed length', `${head}content-length: +5\r\n\r\nhello`],
    ['a hexadecimal length', `${head}content-length: 0x5\r\n\r\nhello`],
    ['an empty length', `${head}content-length:\r\n\r\nhello`],
    ['a length past 2^53', `${head}content-length: 99999999999999999\r\n\r\nhello`],
    ['another coding', `${head}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['chunked twice', `${head}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunked in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a protocol nobody asked for', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['no end of informational heads', 'HTTP/1.1 103 E\r\n\r\n'.repeat(17) + ok],
  ])('has not answered: %s', async (_, answer) => {
    const { error, status, body, late, states } = await said(answer);
    expect(error?.kind).toBe('protocol');
    expect({ status, body, late }).toEqual({ status: undefined, body: '', late: 0 });
    expect(states).toMatchObject([{ calls: 0, idle: 0 }]);
  });

  it.each([
    ['not hex', 'xyz\r\nhello\r\n0\r\n\r\n'],
    ['signed', '+5\r\nhello\r\n0\r\n\r\n'],
    ['with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['behind a blank', ' 5\r\nhello\r\n0\r\n\r\n'],
    ['before a blank', '5 \r\nhello\r\n0\r\n\r\n'],
    ['ended by LF', '5\nhello\r\n0\r\n\r\n'],
    ['too short for its bytes', '4\r\nhello\r\n0\r\n\r\n'],
    ['of thirteen digits', '0000000000005\r\nhello\r\n0\r\n\r\n'],
    ['with extensions without end', `5;${'x'.repeat(5_000)}\r\nhello\r\n0\r\n\r\n`],
    ['followed by a bad trailer', '5\r\nhello\r\n0\r\nno colon\r\n\r\n'],
    ['followed by trailers without end', `5\r\nhello\r\n0\r\n${`a: ${'x'.repeat(1_000)}\r\n`.repeat(20)}\r\n`],
  ])('breaks its answer off with a chunk size %s', async (_, chunks) => {
    const { error, status, states } = await said(`${head}transfer-encoding: chunked\r\n\r\n${chunks}`);
    expect(status).toBe(200);
    expect(error?.kind).toBe('protocol');
    expect(states).toMatchObject([{ calls: 0, idle: 0 }]);
  });

  it.each([1, 100, 32_768 + 50])('has a head that is too large, in pieces of %d bytes', async (size) => {
    const answer = `${head}a: ${'x'.repeat(32_768)}\r\ncontent-length: 0\r\n\r\n`;
    const server = await serve((socket) => {
      socket.on('data', () => {
        for (let at = 0; at < answer.length; at += size) socket.write(answer.slice(at, at + size));
      });
    });
    const { error } = await call(makeUpstreams(), apiOf(server.origin)).ended;
    expect(error?.kind).toBe('head_too_large');
  });

  it('has more fields than a head may have', async () => {
    const { error } = await said(`${head}${'a: b\r\n'.repeat(257)}content-length: 0\r\n\r\n`);
    expect(error?.kind).toBe('protocol');
  });

  it('is found out without the rest of a head that cannot become one', async () => {
    for (const start of ['SSH-2.0-x\r\n', 'HTTP/1.1 200 OK\n'])
      expect((await said(start)).error?.kind).toBe('protocol');
  });
});

describe('an answer that breaks off', () => {
  it.each([
    ['before a byte', ''],
    ['within its head', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['within its body', `${head}content-length: 5\r\n\r\nhell`],
    ['before its body', `${head}content-length: 5\r\n\r\n`],
    ['within a chunk', `${head}transfer-encoding: chunked\r\n\r\n5\r\nhel`],
    ['between two chunks', `${head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`],
    ['before its trailers end', `${head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n`],
    ['behind an informational head', 'HTTP/1.1 103 E\r\n\r\n'],
  ])('%s is an error, never an end', async (_, answer) => {
    const server = await serve((socket) => {
      socket.on('data', () => socket.end(answer));
    });
    const { error, trailers, late } = await call(makeUpstreams(), apiOf(server.origin)).ended;
    expect(error?.kind).toBe('closed');
    expect({ trailers, late }).toEqual({ trailers: undefined, late: 0 });
  });

  it('by a reset is told as one', async () => {
    const server = await serve((socket) => {
      socket.on('data', () => socket.resetAndDestroy());
    });
    expect((await call(makeUpstreams(), apiOf(server.origin)).ended).error?.kind).toBe('reset');
  });
});

describe('bytes that nobody has asked for', () => {
  it.each([
    ['another answer', ok + ok],
    ['a body behind 204', 'HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello'],
    ['a body longer than it says', `${ok} world`],
    ['bytes behind the last chunk', `${head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nmore`],
  ])('end the connection and never reach the next call: %s', async (_, answer) => {
    const server = await serve(answering((request) => (request.includes('/second') ? ok : answer)));
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin);
    expect((await call(upstreams, api).ended).trailers).toEqual([]);
    expect(upstreams.states()).toMatchObject([{ idle: 0 }]);
    expect(await call(upstreams, api, { target: '/second' }).ended).toMatchObject({ status: 200, body: 'hello' });
    expect(server.sockets).toHaveLength(2);
  });

  it('end an idle connection when they come', async () => {
    const server = await serve(answering(ok));
    // Its clock stands still: the connection does not end for having been idle.
    const upstreams = makeUpstreams(fakeClock());
    await call(upstreams, apiOf(server.origin)).ended;
    expect(upstreams.states()).toMatchObject([{ idle: 1 }]);
    server.sockets[0]?.write(ok);
    await until(() => upstreams.states()[0]?.idle === 0, 'the connection ended');
  });
});

describe('one call', () => {
  it.each([
    ['when it has connected', (): string => ''],
    ['when it has read the head', (): string => ''],
    ['within its answer', (): string => `${head}content-length: 5\r\n\r\nhe`],
  ])('reaches an upstream at most once, which closes %s', async (stage, answer) => {
    let heads = 0;
    const server = await serve((socket) => {
      if (stage === 'when it has connected') socket.destroy();
      socket.on('data', () => {
        heads++;
        socket.end(answer());
      });
    });
    const { error } = await call(
      makeUpstreams(),
      apiOf([server.origin, server.origin.replace('127.0.0.1', '127.0.0.2')]),
    ).ended;
    expect(['closed', 'reset']).toContain(error?.kind);
    expect(heads).toBeLessThanOrEqual(1);
  });

  it('is not sent again when a connection that had served closes under it', async () => {
    let heads = 0;
    const server = await serve((socket) => {
      socket.on('data', () => {
        if (++heads === 1) socket.write(ok);
        else socket.destroy();
      });
    });
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin);
    await call(upstreams, api).ended;
    expect((await call(upstreams, api).ended).error).toBeDefined();
    await turn();
    expect({ heads, connections: server.sockets.length }).toEqual({ heads: 2, connections: 1 });
  });

  it('takes another connection when an idle one was closed before', async () => {
    const server = await serve(answering(ok));
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin);
    await call(upstreams, api).ended;
    server.sockets[0]?.end();
    await until(() => upstreams.states()[0]?.idle === 0);
    expect((await call(upstreams, api).ended).status).toBe(200);
    expect(server.sockets).toHaveLength(2);
  });

  it('that is given up hears of it once, and its connection ends', async () => {
    const server = await serve(answering(''));
    const upstreams = makeUpstreams();
    const one = call(upstreams, apiOf(server.origin));
    await until(() => server.received[0] !== undefined && server.received[0] !== '');
    const reason = new Error('the client left');
    one.handle.abort(reason);
    one.handle.abort(reason);
    one.handle.resume();
    expect(one.outcome.error).toMatchObject({ kind: 'aborted', cause: reason });
    await until(() => server.sockets[0]?.destroyed === true, 'the upstream was told');
    expect(one.outcome.late).toBe(0);
  });

  it('may be given up on each of its steps', async () => {
    const server = await serve(answering(ok));
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin);
    const reason = new Error('enough');
    const atHead = call(upstreams, api, { onHead: () => atHead.handle.abort(reason) });
    expect(await atHead.ended).toMatchObject({ status: 200, body: '', error: { kind: 'aborted' }, late: 0 });
    const atData = call(upstreams, api, {
      onData() {
        atData.handle.abort(reason);
        return true;
      },
    });
    expect(await atData.ended).toMatchObject({
      body: 'hello',
      trailers: undefined,
      error: { kind: 'aborted' },
      late: 0,
    });
    const atOnce = call(upstreams, api);
    atOnce.handle.abort(reason);
    expect(await atOnce.ended).toMatchObject({ sent: 0, error: { kind: 'aborted' } });
    expect((await call(upstreams, api).ended).status).toBe(200);
  });
});
