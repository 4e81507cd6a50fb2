import { type Dispatcher, Pool } from 'undici';
import type { Api, Upstream } from '../catalog/model.ts';
import type { Log } from '../log.ts';

/** Keep-alive connections to the upstreams, one pool per distinct target. */
export type Upstreams = {
  /** The pool of this API's upstream; made at first use. */
  poolFor(api: Api): Dispatcher;
  /** Lets go of pools that no API of the new catalog uses; their running calls finish first. */
  reload(apis: Api[]): void;
  /** Ends every connection at once: called after the calls have drained. */
  close(): Promise<void>;
};

export function createUpstreams(deps: { log: Log }): Upstreams {
  const pools = new Map<string, Pool>();
  /** Per target object, so that a call finds its pool without building a key. */
  const byTarget = new WeakMap<Upstream, Pool>();

  function open(target: Upstream): Pool {
    const key = keyOf(target);
    const pool = pools.get(key) ?? new Pool(target.origins[0] ?? '', poolOptions(target));
    pools.set(key, pool);
    byTarget.set(target, pool);
    return pool;
  }

  return {
    poolFor: (api) => byTarget.get(api.upstream) ?? open(api.upstream),
    reload(apis) {
      const used = new Set(apis.map((api) => keyOf(api.upstream)));
      for (const [key, pool] of pools) {
        if (used.has(key)) continue;
        pools.delete(key);
        pool
          .close()
          .catch((error: unknown) => deps.log.warn({ err: error, origin: key }, 'an upstream pool did not close'));
      }
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.destroy()));
    },
  };
}

function keyOf(target: Upstream): string {
  return `${target.origins[0] ?? ''} ${target.connectionsMax} ${target.connectTimeoutMs} ${target.idleTimeoutMs}`;
}

function poolOptions(target: Upstream): Pool.Options {
  return {
    connections: target.connectionsMax,
    // One request at a time on a connection: what an upstream does to one call cannot reach another.
    pipelining: 1,
    // The h1 client hands over raw header pairs; its h2 client does not.
    allowH2: false,
    connect: { timeout: target.connectTimeoutMs },
    headersTimeout: target.headersTimeoutMs,
    bodyTimeout: target.idleTimeoutMs,
  };
}
