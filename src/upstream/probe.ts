import type { UpstreamHealth } from '../catalog/model.ts';
import { Connection } from './connection.ts';
import type { ConnectionOwner } from './connection-owner.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { UpstreamExchange } from './upstream-exchange.ts';
import type { UpstreamHandler, UpstreamRequest } from './upstreams.ts';

/**
 * One question about a target's health on its way. `answer` never rejects: it is undefined for a 2xx in time, and else
 * says what came instead.
 */
export type Probe = { answer: Promise<string | undefined>; sweep(nowMs: number): void; stop(): void };

/**
 * Asks on a connection of its own, which ends with the answer's head: a target is healthy when it can be connected to,
 * and a pool whose connections are all taken must not look like one that is down.
 */
export function startProbe(settings: ConnectionSettings, { path, timeoutMs }: UpstreamHealth): Probe {
  let settle: (trouble: string | undefined) => void = () => {};
  const answer = new Promise<string | undefined>((resolve) => {
    settle = resolve;
  });
  const request: UpstreamRequest = {
    method: 'GET',
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
      settle(status >= 200 && status < 300 ? undefined : `${path} answers ${status}`);
      connection.drop();
    },
    onData: () => true,
    onEnd() {},
    onError: (error) => settle(error.message),
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
