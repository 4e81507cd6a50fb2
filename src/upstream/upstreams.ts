import type { Duplex } from 'node:stream';
import type { Api, Upstream } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import type { Framing } from '../http1/response-framing.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { Log } from '../log.ts';
import type { Resolve } from './address-guard.ts';
import { ApiPool, type TargetState } from './api-pool.ts';
import { sweepIntervalMs } from './swept-timer.ts';
import type { UpstreamError } from './upstream-error.ts';

/** Connections to the upstreams: one pool per API, each with its targets, their health and the calls that wait. */
export type Upstreams = {
  /**
   * One request to the least loaded healthy target of the API. Every send ends with exactly one of `onEnd` and
   * `onError`. Never throws; nothing is called before it returns.
   */
  send(api: Api, request: UpstreamRequest, handler: UpstreamHandler): UpstreamHandle;
  /** Sends a request that asks for another protocol: a 101 hands the socket over, all else is an ordinary answer. */
  upgrade(api: Api, request: UpstreamRequest, handler: UpgradeHandler): UpstreamHandle;
  /** Lets go of pools that no API of the new catalog uses; their running calls finish first. */
  reload(apis: Api[]): void;
  /** Ends every connection at once: called after the calls have drained. */
  close(): Promise<void>;
  /** For health pages and metrics. */
  states(): TargetState[];
};

export type UpstreamRequest = {
  method: string;
  /** Raw canonical origin-form behind the target's base path, which is put before it; nothing else is done to it. */
  target: string;
  /** Field lines as they are sent, checked by whoever made them; Host, Connection and framing are added here. */
  lines: string;
  body: OutgoingBody | undefined;
  /** Waiting for a connection counts; each piece of the body that goes out starts it anew. */
  firstByteTimeoutMs: number;
  /** Pause between two pieces of the answer. */
  idleTimeoutMs: number;
  /** 0 for none. */
  totalTimeoutMs: number;
};

/** A request body on its way. */
export type OutgoingBody = {
  /** Undefined for a body of unknown length, which goes out chunked. */
  readonly length: number | undefined;
  /** Called once, when the head has been written. */
  start(sink: BodySink): void;
  /** Called when the connection can take more after `data` has returned false. */
  resume(): void;
};

export type BodySink = {
  /** Returns false when the connection is behind, or when nobody takes the body any more. */
  data(chunk: Buffer): boolean;
  end(trailers: string[]): void;
  fail(error: Error): void;
};

export type UpstreamHandler = {
  /** True while the gateway itself holds the answer back: no pause is the consumer's then. */
  readonly holdsBack?: boolean;
  /** Bytes may leave from here on. */
  onSent(): void;
  /** 1xx but 101. */
  onInformational(status: number, fields: string[]): void;
  onHead(head: ResponseHead, framing: Framing): void;
  /** False: pause until `handle.resume()`. The chunk is the handler's to keep. */
  onData(chunk: Buffer): boolean;
  onEnd(trailers: string[]): void;
  /** Before or behind the head; a truncated body ends here, never in `onEnd`. */
  onError(error: UpstreamError): void;
};

export type UpgradeHandler = UpstreamHandler & {
  /**
   * The socket is paused and the handler's from here on; `rest` are bytes behind the head, `origin` is the target's. No other
   * call follows.
   */
  onUpgrade(head: ResponseHead, socket: Duplex, rest: Buffer, origin: string): void;
};

export type UpstreamHandle = { resume(): void; abort(reason: Error): void };

/** The most that one read takes, as Node itself does it. */
const readBytes = 65_536;

/** `resolve` is the system's own unless a test stands in for it. */
export function createUpstreams(deps: { log: Log; clock: Clock; resolve?: Resolve }): Upstreams {
  const pools = new Map<string, ApiPool>();
  /** Pools of an older catalog with calls or connections. */
  const draining = new Set<ApiPool>();
  /** Per upstream object, so that a call finds its pool without building a key. */
  const byUpstream = new WeakMap<Upstream, ApiPool>();
  const closing = new AbortController();
  const readBuffer = Buffer.allocUnsafeSlow(readBytes);
  let sweeping: Promise<void> | undefined;

  function poolOf(api: Api): ApiPool {
    const pool = byUpstream.get(api.upstream) ?? openPool(api);
    // A call keeps the catalog it began with, and may come when the pool of that has been let go of: its time limits and
    // its end still hang on the sweep and on `close`.
    if (pool.isDraining) draining.add(pool);
    return pool;
  }

  function openPool(api: Api): ApiPool {
    const key = keyOf(api);
    const pool = pools.get(key) ?? new ApiPool(api.name, api.upstream, { ...deps, readBuffer });
    pools.set(key, pool);
    byUpstream.set(api.upstream, pool);
    sweeping ??= sweep();
    return pool;
  }

  async function sweep(): Promise<void> {
    while (!closing.signal.aborted) {
      await deps.clock.sleep(sweepIntervalMs, closing.signal);
      const nowMs = deps.clock.monotonicMs();
      for (const pool of pools.values()) pool.sweep(nowMs);
      for (const pool of draining) {
        pool.sweep(nowMs);
        if (pool.isEmpty) draining.delete(pool);
      }
    }
  }

  return {
    send: (api, request, handler) => poolOf(api).send(request, handler),
    upgrade: (api, request, handler) => poolOf(api).upgrade(request, handler),
    reload(apis) {
      // Nobody would end the probes of its pools.
      if (closing.signal.aborted) return;
      const used = new Set(apis.map(keyOf));
      for (const [key, pool] of pools) {
        if (used.has(key)) continue;
        pools.delete(key);
        draining.add(pool);
        pool.drain();
      }
      // Probes begin with the catalog, not with the first call.
      for (const api of apis) poolOf(api);
    },
    async close() {
      closing.abort();
      for (const pool of [...pools.values(), ...draining]) pool.destroy();
      pools.clear();
      draining.clear();
      await sweeping;
    },
    states: () => [...pools.values()].flatMap((pool) => pool.states()),
  };
}

/** A pool goes on when nothing about the upstream has changed. It holds secrets and is never shown. */
function keyOf(api: Api): string {
  return `${api.name} ${JSON.stringify(api.upstream)}`;
}
