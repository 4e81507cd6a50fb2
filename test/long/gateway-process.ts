import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** Shorter than the defaults, so that what is cut in time is cut while a test waits. */
export const connectionLimits = {
  headTimeoutMs: 3_000,
  bodyIdleTimeoutMs: 3_000,
  requestsPerConnectionMax: 1_000_000,
  connectionsPerAddressMax: 1_000,
  callsPerAccountMax: 1_000,
};

export type GatewayAsk = 'tell' | 'collect';
export type GatewayTold = {
  port: number;
  rssBytes: number;
  connections: number;
  running: number;
  holds: number;
  charges: number;
  finishes: number;
  refunds: number;
};

export type GatewayProcess = {
  port: number;
  tell(): Promise<GatewayTold>;
  /** The same, after what nobody needs has been collected. */
  collect(): Promise<GatewayTold>;
  stop(): Promise<void>;
};

export async function startGatewayProcess(origin: string): Promise<GatewayProcess> {
  const child = fork(path.join(import.meta.dirname, 'gateway-child.ts'), [origin], { execArgv: ['--expose-gc'] });
  const ask = async (what: GatewayAsk) => {
    child.send(what);
    return told(child);
  };
  const { port } = await told(child);
  return {
    port,
    tell: () => ask('tell'),
    collect: () => ask('collect'),
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

async function told(child: ChildProcess): Promise<GatewayTold> {
  const stopped = new AbortController();
  const [message] = await Promise.race([
    once(child, 'message', { signal: stopped.signal }),
    once(child, 'exit', { signal: stopped.signal }).then(([code]) => {
      throw new Error(`the gateway's process ended with ${code}`);
    }),
  ]);
  stopped.abort();
  return message;
}
