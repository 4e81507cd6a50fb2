import { describe, expect, it } from 'vitest';
import type { BodySink, OutgoingBody } from '../../src/upstream/upstreams.ts';
import { answering, apiOf, call, makeUpstreams, ok, serve, turn, until } from './rig.ts';

type ScriptedBody = OutgoingBody & { sink: BodySink | undefined; resumed: number };

/** A body whose pieces a test hands over, those of `first` at once. */
function scripted(length: number | undefined, first: (sink: BodySink) => void = () => {}): ScriptedBody {
  const body: ScriptedBody = {
    length,
    sink: undefined,
    resumed: 0,
    start(sink) {
      body.sink = sink;
      first(sink);
    },
    resume() {
      body.resumed++;
    },
  };
  return body;
}

const hello = Buffer.from('hello');

describe('a request body', () => {
  it('of a known length leaves with its head in one piece', async () => {
    const pieces: string[] = [];
    const server = await serve((socket) => {
      socket.on('data', (chunk: Buffer) => {
        pieces.push(chunk.toString('latin1'));
        socket.write(ok);
      });
    });
    const upstreams = makeUpstreams();
    const body = scripted(5, (sink) => {
      sink.data(hello);
      sink.end([]);
    });
    expect((await call(upstreams, apiOf(server.origin), { method: 'POST', body }).ended).status).toBe(200);
    expect(pieces).toEqual([`POST /a HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\ncontent-length: 5\r\n\r\nhello`]);
    expect(upstreams.states()).toMatchObject([{ idle: 1 }]);
  });

  it('of unknown length goes out in chunks, with its trailers', async () => {
    const server = await serve((socket) => {
      socket.on('data', (chunk: Buffer) => {
        if (chunk.toString('latin1').endsWith('\r\n\r\n') && chunk.includes('X-Sum')) socket.write(ok);
      });
    });
    const body = scripted(undefined);
    const one = call(makeUpstreams(), apiOf(server.origin), { method: 'POST', body });
    await until(() => body.sink !== undefined);
    body.sink?.data(hello);
    body.sink?.data(Buffer.alloc(0));
    body.sink?.data(Buffer.alloc(26, 'x'));
    body.sink?.end(['X-Sum', '1']);
    expect((await one.ended).status).toBe(200);
    const [, sent] = server.received[0]?.split('transfer-encoding: chunked\r\n\r\n') ?? [];
    expect(sent).toBe(`5\r\nhello\r\n1a\r\n${'x'.repeat(26)}\r\n0\r\nX-Sum: 1\r\n\r\n`);
  });

  it.each([
    ['longer', 4],
    ['shorter', 6],
  ])('that is %s than its length ends the call and never becomes a second request', async (_, length) => {
    const server = await serve(() => {});
    const body = scripted(length, (sink) => {
      sink.data(hello);
      sink.end([]);
    });
    const one = call(makeUpstreams(), apiOf(server.origin), { method: 'POST', body });
    expect(await one.ended).toMatchObject({ error: { kind: 'request_body' }, late: 0 });
    await until(() => server.sockets[0]?.destroyed === true);
    expect(server.received[0]?.length ?? 0).toBeLessThanOrEqual(
      `POST /a HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\ncontent-length: 4\r\n\r\nhello`.length,
    );
  });

  it('that fails ends the call with its reason', async () => {
    const server = await serve(() => {});
    const body = scripted(10);
    const one = call(makeUpstreams(), apiOf(server.origin), { method: 'POST', body });
    await until(() => body.sink !== undefined);
    body.sink?.data(hello);
    const reason = new Error('the client left');
    body.sink?.fail(reason);
    body.sink?.fail(reason);
    expect(body.sink?.data(hello)).toBe(false);
    body.sink?.end([]);
    expect(await one.ended).toMatchObject({ error: { kind: 'request_body', cause: reason }, late: 0 });
    await until(() => server.sockets[0]?.destroyed === true);
    expect(server.received[0]).toMatch(/\r\n\r\nhello$/);
  });

  it('is held back while the upstream does not read, and goes on when it does', async () => {
    const server = await serve((socket) => {
      socket.removeAllListeners('data');
      socket.pause();
    });
    const body = scripted(64 * 1024 * 1024);
    const one = call(makeUpstreams(), apiOf(server.origin), { method: 'POST', body });
    await until(() => body.sink !== undefined);
    const piece = Buffer.alloc(64 * 1024, 'x');
    let sent = 0;
    while (body.sink?.data(piece)) {
      sent += piece.length;
      await turn();
    }
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    expect(body.resumed).toBe(0);
    server.sockets[0]?.resume();
    await until(() => body.resumed === 1, 'the body was asked for more');
    one.handle.abort(new Error('enough'));
    await one.ended;
  });

  it('that is still on its way when the answer ends is the last of its connection', async () => {
    const server = await serve(answering(ok.replace('200 OK', '413 Too Large')));
    const upstreams = makeUpstreams();
    const body = scripted(1_000, (sink) => sink.data(hello));
    const one = call(upstreams, apiOf(server.origin), { method: 'POST', body });
    expect(await one.ended).toMatchObject({ status: 413, body: 'hello', error: undefined });
    expect(body.sink?.data(hello)).toBe(false);
    body.sink?.end([]);
    expect(upstreams.states()).toMatchObject([{ calls: 0, idle: 0 }]);
    await until(() => server.sockets[0]?.destroyed === true);
    expect(server.received[0]).toMatch(/\r\n\r\nhello$/);
  });

  /** An upstream that takes a piece of a body, says this, and closes with bytes unread, which resets the connection. */
  async function refusing(answer: string, closed: () => void) {
    return await serve((socket) => {
      socket.on('close', closed);
      socket.on('data', (chunk: Buffer) => {
        if (!chunk.includes('hello')) return;
        socket.pause();
        // What is sent from now on stays unread.
        body.sink?.data(hello);
        socket.write(answer, () => setImmediate(() => socket.destroy()));
      });
    });
  }
  let body: ScriptedBody;

  it('does not hide the answer of an upstream that has answered and hung up, when the next piece cannot be written', async () => {
    body = scripted(1_000_000, (sink) => sink.data(hello));
    // Written before the answer that has arrived is read: this fails, and the answer counts all the same.
    const server = await refusing(ok.replace('200 OK', '413 Too Large'), () => {
      for (let i = 0; i < 3; i++) body.sink?.data(Buffer.alloc(1_000));
    });
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin, { breaker: { failures: 1, openForMs: 60_000 } });
    const one = call(upstreams, api, { method: 'POST', body });
    expect(await one.ended).toMatchObject({ status: 413, body: 'hello', error: undefined, late: 0 });
    expect(upstreams.states()).toMatchObject([{ up: true, calls: 0, idle: 0 }]);
  });

  it('that an upstream hangs up on without a word ends the call, and says nothing about the upstream', async () => {
    body = scripted(1_000_000, (sink) => sink.data(hello));
    const server = await refusing('', () => {
      for (let i = 0; i < 3; i++) body.sink?.data(Buffer.alloc(1_000));
    });
    const upstreams = makeUpstreams();
    const api = apiOf(server.origin, { breaker: { failures: 1, openForMs: 60_000 } });
    const { error, late } = await call(upstreams, api, { method: 'POST', body }).ended;
    expect(error?.kind).toMatch(/reset|closed/);
    expect(late).toBe(0);
    expect(upstreams.states()).toMatchObject([{ up: true, calls: 0 }]);
  });

  it('goes on behind an early head, so that both may stream at once', async () => {
    const server = await serve((socket) => {
      let text = '';
      let begun = false;
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (!begun) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n');
        begun = true;
        if (text.endsWith('hello')) socket.write('hello');
      });
    });
    const upstreams = makeUpstreams();
    const body = scripted(5);
    const one = call(upstreams, apiOf(server.origin), { method: 'POST', body });
    await until(() => one.outcome.status === 200);
    body.sink?.data(hello);
    body.sink?.end([]);
    expect(await one.ended).toMatchObject({ body: 'hello', error: undefined });
    expect(upstreams.states()).toMatchObject([{ idle: 1 }]);
  });

  it('is never started when no connection came about', async () => {
    const dead = await serve(() => {});
    await new Promise((resolve) => dead.server.close(resolve));
    const body = scripted(5);
    expect((await call(makeUpstreams(), apiOf(dead.origin), { method: 'POST', body }).ended).error?.kind).toBe(
      'refused',
    );
    expect(body.sink).toBeUndefined();
  });
});
