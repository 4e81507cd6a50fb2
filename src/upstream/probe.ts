import { Connection } from './connection.ts';
import type { ConnectionOwner } from './connection-owner.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import type { UpstreamError } from './upstream-error.ts';
import { UpstreamExchange } from './upstream-exchange.ts';
import type { UpstreamHandler, UpstreamRequest } from './upstreams.ts';

/** `path` is the whole path on the target. */
export type ProbeRequest = { method: 'GET' | 'OPTIONS'; path: string; timeoutMs: number };

/** One question of the gateway's own on its way. `answer` never rejects: it is the status, or why there is none in time. */
export type Probe = { answer: Promise<number | UpstreamError>; sweep(nowMs: number): void; stop(): void };

/**
 * Asks on a connection of its own, which ends with the answer's head: a target is healthy when it can be connected to,
 * and a pool whose connections are all taken must not look like one that is down.
 */
export function startProbe(settings: ConnectionSettings, { method, path, timeoutMs }: ProbeRequest): Probe {
  let settle: (said: number | UpstreamError) => void = () => {};
  const answer = new Promise<number | UpstreamError>((resolve) => {
    settle = resolve;
  });
  const request: UpstreamRequest = {
    method,
    target: path,
    lines: 'user-agent: callora-health\r\nconnection: close\r\n',
    body: undefined,
    firstByteTimeoutMs: timeoutMs,
    idleTimeoutMs: timeoutMs,
    totalTimeoutMs: timeoutMs,
  };
  const handler: UpstreamHandler = {
    onSent() {},
    onInformational() {},
    onHead({ status }) {
      settle(status);
      connection.drop();
    },
    onData: () => true,
    onEnd() {},
    onError: settle,
  };
  const call = new UpstreamExchange({ failed: () => connection.drop() }, request, handler);
  const owner: ConnectionOwner = {
    dialed: (dialed) => dialed.begin(call),
    dialFailed: (_, error) => call.fail(error),
    answered() {},
    unanswered() {},
    idle: (idle) => idle.drop(),
    closed() {},
  };
  const connection = new Connection(owner, { ...settings, basePath: '' }, call);
  call.connection = connection;
  return {
    answer,
    sweep: (nowMs) => connection.sweep(nowMs),
    stop: () => call.abort(new Error('the probe is not needed any more')),
  };
}
