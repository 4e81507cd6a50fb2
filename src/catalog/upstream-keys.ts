import { z } from 'zod';
import { field, flag, limit, optionalLimit, text, url } from './field.ts';
import { apiLimits } from './limits-defaults.ts';

/** The keys of an API that say where its calls go and how. */
const expected = 'where the calls go, such as http://127.0.0.1:9000/v1';

export const upstreamKeys = {
  upstream: url({ path: 'plain', expected }).optional(),
  upstreams: z.array(url({ path: 'plain', expected })).optional(),
  allow_private: flag.default(false),
  timeout: limit(apiLimits.timeoutMs),
  connect_timeout: limit(apiLimits.connectTimeoutMs),
  idle_timeout: limit(apiLimits.idleTimeoutMs),
  total_timeout: optionalLimit(apiLimits.totalTimeoutMs),
  connections_max: limit(apiLimits.connectionsMax),
  waiting_max: limit(apiLimits.waitingMax),
  answer_head_bytes_max: limit(apiLimits.answerHeadBytesMax),
  breaker: z
    .strictObject({
      failures: limit(apiLimits.breakerFailures),
      open_for: limit(apiLimits.breakerOpenMs),
    })
    .prefault({}),
  health: z
    .strictObject({
      path: field({ expected: 'a path on the upstream such as /healthz' }, readHealthPath),
      interval: limit(apiLimits.healthIntervalMs),
      timeout: limit(apiLimits.healthTimeoutMs),
      healthy: limit(apiLimits.healthySuccesses),
      unhealthy: limit(apiLimits.unhealthyFailures),
    })
    .optional(),
  tls: z
    .strictObject({
      ca_file: text.optional(),
      cert_file: text.optional(),
      key_file: text.optional(),
      server_name: field({ expected: 'a host name such as api.internal.example' }, readServerName).optional(),
    })
    .optional(),
};

/** Sent as it stands, so it may hold nothing that a request line could not. */
function readHealthPath(value: unknown): string | { refused: string } {
  return typeof value === 'string' && /^\/[\x21\x22\x24-\x7e]*$/.test(value) ? value : { refused: 'is not a path' };
}

/** What a certificate can name. */
function readServerName(value: unknown): string | { refused: string } {
  const isName = typeof value === 'string' && value.length <= 253 && /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(value);
  return isName ? value : { refused: 'is not a host name' };
}
