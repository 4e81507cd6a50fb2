import type { Upstream, UpstreamTls } from './model.ts';
import type { ApiSettings } from './schema.ts';

/** Where the calls of an API go. Its URLs have been checked to differ in nothing but their origin. */
export function compileUpstream(settings: ApiSettings, tls: UpstreamTls | undefined): Upstream {
  const urls = settings.upstreams ?? (settings.upstream ? [settings.upstream] : []);
  const { health, breaker } = settings;
  return {
    origins: urls.map(({ origin }) => origin),
    basePath: urls[0]?.pathname.replace(/\/+$/, '') ?? '',
    allowPrivate: settings.allow_private,
    connectionsMax: settings.connections_max,
    waitingMax: settings.waiting_max,
    connectTimeoutMs: settings.connect_timeout,
    idleTimeoutMs: settings.idle_timeout,
    totalTimeoutMs: settings.total_timeout ?? 0,
    answerHeadBytesMax: settings.answer_head_bytes_max,
    breaker: { failures: breaker.failures, openForMs: breaker.open_for },
    health: health && {
      path: health.path,
      intervalMs: health.interval,
      timeoutMs: health.timeout,
      healthy: health.healthy,
      unhealthy: health.unhealthy,
    },
    tls,
  };
}
