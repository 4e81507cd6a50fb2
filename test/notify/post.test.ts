import { afterEach, describe, expect, it } from 'vitest';
import { fakeClock, systemClock } from '../../src/clock.ts';
import { post, postTimeoutMs } from '../../src/notify/post.ts';
import { until } from '../support/until.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const open: Receiver[] = [];
afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close();
});

async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...args);
  open.push(started);
  return started;
}

const request = (url: string, allowPrivate = true) => ({ url, headers: { 'x-a': 'b' }, body: '{"a":1}', allowPrivate });

describe('a post', () => {
  it('arrives whole, with its headers', async () => {
    const { url, got } = await receiver();
    expect(await post({ clock: systemClock }, request(url))).toEqual({ status: 200, error: undefined });
    expect(got).toMatchObject([{ body: '{"a":1}', path: '/hook', headers: { 'x-a': 'b', 'content-length': '7' } }]);
  });

  it('does not follow a redirect', async () => {
    const target = await receiver();
    const { url } = await receiver((res) => void res.writeHead(307, { location: target.url }).end());
    expect(await post({ clock: systemClock }, request(url))).toMatchObject({ status: 307, error: expect.any(String) });
    expect(target.connections()).toBe(0);
  });

  it('says what went wrong: a refusal, a reset, nobody there', async () => {
    const refusing = await receiver((res) => void res.writeHead(500).end());
    expect(await post({ clock: systemClock }, request(refusing.url))).toEqual({ status: 500, error: 'answered 500' });
    const breaking = await receiver((res) => void res.socket?.destroy());
    const reset = await post({ clock: systemClock }, request(breaking.url));
    expect(reset).toEqual({ status: undefined, error: expect.any(String) });
    await breaking.close();
    expect((await post({ clock: systemClock }, request(breaking.url))).error).toContain('ECONNREFUSED');
  });

  it('waits ten seconds and no longer for a receiver that says nothing', async () => {
    const clock = fakeClock();
    const silent = await receiver(() => undefined);
    const going = post({ clock }, request(silent.url));
    await until(() => silent.got.length === 1);
    clock.advance(postTimeoutMs - 1);
    clock.advance(1);
    expect(await going).toEqual({ status: undefined, error: 'no answer within 10 s' });
  });

  it('has arrived once the head says so, however long the body drips', async () => {
    const clock = fakeClock();
    let flushed = false;
    const dripping = await receiver((res) => {
      res.writeHead(202);
      res.write('a', () => {
        flushed = true;
      });
    });
    const going = post({ clock }, request(dripping.url));
    await until(() => flushed);
    // What lies in the socket is read by the next looks of the event loop.
    for (let look = 0; look < 200; look++) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(postTimeoutMs);
    expect(await going).toEqual({ status: 202, error: undefined });
  });

  it('has arrived once the head says so, also when the body is broken', async () => {
    const broken = await receiver((res) => {
      res.socket?.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno chunk\r\n');
    });
    expect(await post({ clock: systemClock }, request(broken.url))).toEqual({ status: 200, error: undefined });
  });

  it('has failed at once when the receiver changes the protocol', async () => {
    const changing = await receiver((res) => {
      res.socket?.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n');
    });
    const { error } = await post({ clock: fakeClock() }, request(changing.url));
    expect(error).toBe('the connection ended without an answer');
  });

  it('reads no more than a little of an endless body', async () => {
    const endless = await receiver((res) => {
      const more = (): void => {
        if (!res.destroyed) res.write('x'.repeat(65_536), () => setImmediate(more));
      };
      more();
    });
    expect(await post({ clock: systemClock }, request(endless.url))).toEqual({ status: 200, error: undefined });
  });
});

describe('a post to the inside of a network', () => {
  it.each([
    'http://127.0.0.1:1/',
    'http://2130706433:1/',
    'http://0x7f.1:1/',
    'http://0177.0.0.1:1/',
    'http://[::1]:1/',
    'http://[::ffff:127.0.0.1]:1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://localhost:1/',
  ])('is refused before a connection is made: %s', async (url) => {
    const posted = await post({ clock: systemClock }, request(url, false));
    expect(posted).toEqual({ status: undefined, error: expect.stringContaining('not a public address') });
  });

  it('is refused when any address of the name is inside', async () => {
    const { url, connections } = await receiver();
    const resolve = async () => [
      { address: '1.1.1.1', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const posted = await post({ clock: systemClock, resolve }, request(url.replace('127.0.0.1', 'hook.test'), false));
    expect(posted.error).toContain('not a public address');
    expect(connections()).toBe(0);
  });

  it('asks for the addresses once and connects to what was checked, whatever the name says a moment later', async () => {
    const checked = await receiver();
    const { port } = new URL(checked.url);
    let asked = 0;
    const resolve = async () => {
      asked++;
      return [{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    };
    const posted = await post({ clock: systemClock, resolve }, request(`http://rebound.test:${port}/hook`));
    expect(posted.status).toBe(200);
    expect(asked).toBe(1);
    expect(checked.got[0]?.headers.host).toBe(`rebound.test:${port}`);
  });

  it('that has no address fails by name', async () => {
    const resolve = async () => {
      throw new Error('getaddrinfo ENOTFOUND');
    };
    const posted = await post({ clock: systemClock, resolve }, request('https://nowhere.test/'));
    expect(posted.error).toBe('nowhere.test was not found: getaddrinfo ENOTFOUND');
  });
});
