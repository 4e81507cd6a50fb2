import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { refusalOf } from '../gateway/call-record.ts';
import type { GatewayMetrics } from '../gateway/deps.ts';
import { add, subtract, type Units, zero } from '../money.ts';

/**
 * The last minutes, second by second, in memory: what the dashboard draws. On the path of a call this only counts;
 * sums and quantiles are made when somebody looks.
 */
export type LiveRecorder = {
  /** The callbacks of the gateway, counted here and passed on. */
  counting(next: GatewayMetrics): GatewayMetrics;
  /** The seconds before the running one, oldest first. */
  read(): LiveSeconds;
};

export type LiveSeconds = {
  /** Wall time of the first second, ms. */
  fromMs: number;
  calls: number[];
  refused: number[];
  /** Charged less refunded in that second; below zero when more was refunded. */
  revenue: Units[];
  /** Quantiles of the time added by the gateway; undefined in a second without calls. */
  p50Ms: (number | undefined)[];
  p99Ms: (number | undefined)[];
  /** Over all of these seconds. */
  total: { p50Ms: number | undefined; p99Ms: number | undefined; refusals: Map<ErrorCode, number> };
};

/** Five minutes: a picture that moves, in some 100 KB. What lasts is in the metrics. */
export const liveSeconds = 300;

/** Upper bounds of the latency buckets, ms: each a fifth above the one before, from 20 µs to about 1.4 s. */
const boundsMs: number[] = Array.from({ length: 62 }, (_, step) => 0.02 * 1.2 ** step);

type Second = {
  /** Seconds on the monotonic clock; tells a slot of this round from one of the round before. */
  at: number;
  calls: number;
  refused: number;
  revenue: Units;
  refusals: Map<ErrorCode, number>;
  latencies: Uint32Array;
};

export function createLiveRecorder({ clock }: { clock: Clock }): LiveRecorder {
  // One more than is read: the running second is not shown, its bar would always be too short.
  const ring: Second[] = Array.from({ length: liveSeconds + 1 }, emptySecond);

  function second(at: number): Second {
    const slot = ring[at % ring.length] ?? emptySecond();
    if (slot.at !== at) reset(slot, at);
    return slot;
  }

  const nothing = emptySecond();
  const running = () => second(Math.floor(clock.monotonicMs() / 1000));

  return {
    counting: (next) => ({
      ended(record) {
        const slot = running();
        const code = refusalOf(record.outcome);
        if (code !== undefined) {
          slot.refused++;
          slot.refusals.set(code, (slot.refusals.get(code) ?? 0) + 1);
        } else if (record.callId !== 0 && record.status !== 0) slot.calls++;
        next.ended(record);
      },
      charged(route, amount) {
        const slot = running();
        slot.revenue = add(slot.revenue, amount);
        next.charged(route, amount);
      },
      refunded(route, amount) {
        const slot = running();
        slot.revenue = subtract(slot.revenue, amount);
        next.refunded(route, amount);
      },
      overhead(seconds) {
        const bucket = bucketOf(seconds * 1000);
        const { latencies } = running();
        latencies[bucket] = (latencies[bucket] ?? 0) + 1;
        next.overhead(seconds);
      },
    }),
    read() {
      const end = Math.floor(clock.monotonicMs() / 1000);
      const shown: Second[] = [];
      for (let at = end - liveSeconds; at < end; at++) {
        const slot = at < 0 ? undefined : ring[at % ring.length];
        shown.push(slot?.at === at ? slot : nothing);
      }
      return view(shown, Math.floor(clock.nowMs() / 1000 - liveSeconds) * 1000);
    },
  };
}

function view(shown: Second[], fromMs: number): LiveSeconds {
  const all = new Uint32Array(boundsMs.length);
  const refusals = new Map<ErrorCode, number>();
  for (const second of shown) {
    for (let bucket = 0; bucket < all.length; bucket++) {
      all[bucket] = (all[bucket] ?? 0) + (second.latencies[bucket] ?? 0);
    }
    for (const [code, count] of second.refusals) refusals.set(code, (refusals.get(code) ?? 0) + count);
  }
  return {
    fromMs,
    calls: shown.map((second) => second.calls),
    refused: shown.map((second) => second.refused),
    revenue: shown.map((second) => second.revenue),
    p50Ms: shown.map((second) => quantileMs(second.latencies, 0.5)),
    p99Ms: shown.map((second) => quantileMs(second.latencies, 0.99)),
    total: { p50Ms: quantileMs(all, 0.5), p99Ms: quantileMs(all, 0.99), refusals },
  };
}

/** The upper bound of the bucket that holds the quantile: at most a fifth too high, never too low. */
function quantileMs(latencies: Uint32Array, share: number): number | undefined {
  let count = 0;
  for (let bucket = 0; bucket < latencies.length; bucket++) count += latencies[bucket] ?? 0;
  if (count === 0) return undefined;
  const rank = Math.ceil(count * share);
  let seen = 0;
  for (let bucket = 0; bucket < latencies.length; bucket++) {
    seen += latencies[bucket] ?? 0;
    if (seen >= rank) return boundsMs[bucket];
  }
  return boundsMs.at(-1);
}

const logStep = Math.log(1.2);

function bucketOf(ms: number): number {
  const bucket = Math.ceil(Math.log(ms / 0.02) / logStep - 1e-9);
  return Math.min(Math.max(bucket, 0), boundsMs.length - 1);
}

function emptySecond(): Second {
  return {
    at: -1,
    calls: 0,
    refused: 0,
    revenue: zero,
    refusals: new Map(),
    latencies: new Uint32Array(boundsMs.length),
  };
}

function reset(slot: Second, at: number): void {
  slot.at = at;
  slot.calls = 0;
  slot.refused = 0;
  slot.revenue = zero;
  slot.refusals.clear();
  slot.latencies.fill(0);
}
