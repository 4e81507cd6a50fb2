import type { Api } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { silentLog } from '../log.ts';
import { createUpstreams } from '../upstream/upstreams.ts';

export type UpstreamSays = { ok: true; status: number } | { ok: false; reason: string };

/** What is asked: `path` is the whole path on the upstream. */
export type Question = { method: 'GET' | 'HEAD'; path: string; timeoutMs: number };

/** One question to one upstream of an API, over the connection that a call would get. Never rejects. */
export async function askUpstream(api: Api, origin: string, question: Question, clock: Clock): Promise<UpstreamSays> {
  const { method, path, timeoutMs } = question;
  const upstreams = createUpstreams({ log: silentLog(), clock });
  const only: Api = { ...api, upstream: { ...api.upstream, origins: [origin], basePath: '', health: undefined } };
  const request = {
    method,
    target: path,
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
