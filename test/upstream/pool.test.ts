import { describe, expect, it } from 'vitest';
import type { Api } from '../../src/catalog/model.ts';
import { silentLog } from '../../src/log.ts';
import { createUpstreams } from '../../src/upstream/pool.ts';
import { makeConfig, okAnswer, startRig, startUpstream, until } from '../gateway/rig.ts';

function apiOf(origin: string, connectionsMax = 4): Api {
  const [api] = makeConfig([{ origin, price: '0.1', upstream: { connectionsMax } }]).apis;
  if (!api) throw new Error('no API was made');
  return api;
}

describe('upstream pools', () => {
  it('are shared by APIs with one target and kept apart otherwise', async () => {
    const upstreams = createUpstreams({ log: silentLog() });
    const first = upstreams.poolFor(apiOf('http://127.0.0.1:9'));
    expect(upstreams.poolFor(apiOf('http://127.0.0.1:9'))).toBe(first);
    expect(upstreams.poolFor(apiOf('http://127.0.0.1:9', 5))).not.toBe(first);
    expect(upstreams.poolFor(apiOf('http://127.0.0.1:10'))).not.toBe(first);
    await upstreams.close();
  });

  it('that a reload keeps stay the same, and others are made anew', async () => {
    const upstreams = createUpstreams({ log: silentLog() });
    const kept = upstreams.poolFor(apiOf('http://127.0.0.1:9'));
    const dropped = upstreams.poolFor(apiOf('http://127.0.0.1:10'));
    upstreams.reload([apiOf('http://127.0.0.1:9')]);
    expect(upstreams.poolFor(apiOf('http://127.0.0.1:9'))).toBe(kept);
    expect(upstreams.poolFor(apiOf('http://127.0.0.1:10'))).not.toBe(dropped);
    await upstreams.close();
  });

  it('that a reload drops finish the calls they run', async () => {
    let answer: (() => void) | undefined;
    const upstream = await startUpstream((_request, socket) => {
      answer = () => socket.write(okAnswer);
      return undefined;
    });
    const upstreams = createUpstreams({ log: silentLog() });
    const rig = await startRig({
      config: makeConfig([{ origin: upstream.origin, price: '0.1' }]),
      deps: { upstreams },
    });
    const call = rig.get('/api0/a');
    await until(() => answer !== undefined);
    upstreams.reload([]);
    answer?.();
    expect((await call).status).toBe(200);
    await until(() => upstream.connections.size === 0, 'the dropped pool closed its connection');
    await rig.close();
    await upstreams.close();
    await upstream.close();
  });

  it('do not start a connection before a call needs one', async () => {
    const upstream = await startUpstream();
    const upstreams = createUpstreams({ log: silentLog() });
    upstreams.poolFor(apiOf(upstream.origin));
    await new Promise((resolve) => setImmediate(resolve));
    expect(upstream.connections.size).toBe(0);
    await upstreams.close();
    await upstream.close();
  });
});
