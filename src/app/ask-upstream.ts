import type { Api } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { silentLog } from '../log.ts';
import { createUpstreams } from '../upstream/upstreams.ts';

export type UpstreamSays = { ok: true; status: number } | { ok: false; reason: string };

/** One HEAD to one upstream of an API, over the connection that a call would get. Never rejects. */
export async function askUpstream(api: Api, origin: string, timeoutMs: number, clock: Clock): Promise<UpstreamSays> {
  const upstreams = createUpstreams({ log: silentLog(), clock });
  const only: Api = { ...api, upstream: { ...api.upstream, origins: [origin], health: undefined } };
  const request = {
    method: 'HEAD',
    target: '/',
    lines: 'user-agent: callora-check\r\n',
    body: undefined,
    firstByteTimeoutMs: timeoutMs,
    idleTimeoutMs: timeoutMs,
    totalTimeoutMs: timeoutMs,
  };
  try {
    return await new Promise<UpstreamSays>((resolve) => {
      upstreams.send(only, request, {
        onSent() {},
        onInformational() {},
        onHead: ({ status }) => resolve({ ok: true, status }),
        onData: () => true,
        onEnd() {},
        onError: ({ message }) => resolve({ ok: false, reason: message }),
      });
    });
  } finally {
    await upstreams.close();
  }
}
