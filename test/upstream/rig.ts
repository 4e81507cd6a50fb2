import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Api, Upstream } from '../../src/catalog/model.ts';
import { type Clock, type FakeClock, systemClock } from '../../src/clock.ts';
import type { Framing } from '../../src/http1/response-framing.ts';
import { silentLog } from '../../src/log.ts';
import type { Resolve } from '../../src/upstream/address-guard.ts';
import type { UpstreamError } from '../../src/upstream/upstream-error.ts';
import {
  createUpstreams,
  type UpgradeHandler,
  type UpstreamHandle,
  type UpstreamRequest,
  type Upstreams,
} from '../../src/upstream/upstreams.ts';
import { makeConfig } from '../gateway/make-config.ts';

/** Upstreams over real sockets, in front of servers that a test scripts byte by byte. */

export type RawServer = {
  origin: string;
  port: number;
  sockets: Socket[];
  /** What came in on each connection. */
  received: string[];
  server: Server;
};

/** Every connection is the script's; what comes in is recorded beside it. */
export async function serve(onSocket: (socket: Socket, index: number) => void): Promise<RawServer> {
  const server = createServer({ noDelay: true });
  return await listening(server, 'http', onSocket);
}

export async function listening(
  server: Server,
  scheme: 'http' | 'https',
  onSocket: (socket: Socket, index: number) => void,
): Promise<RawServer> {
  const raw: RawServer = { origin: '', port: 0, sockets: [], received: [], server };
  server.on(scheme === 'https' ? 'secureConnection' : 'connection', (socket: Socket) => {
    const index = raw.sockets.push(socket) - 1;
    raw.received[index] = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      raw.received[index] += chunk.toString('latin1');
    });
    onSocket(socket, index);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  raw.port = (server.address() as AddressInfo).port;
  raw.origin = `${scheme}://127.0.0.1:${raw.port}`;
  onTestFinished(async () => {
    for (const socket of raw.sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return raw;
}

/** Answers each request head with these bytes; requests have no bodies here. */
export function answering(answer: string | ((request: string, index: number) => string)) {
  return (socket: Socket, index: number) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const request = text.slice(0, end);
        text = text.slice(end + 4);
        socket.write(Buffer.from(typeof answer === 'string' ? answer : answer(request, index), 'latin1'));
      }
    });
  };
}

export const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';

let names = 0;

export function apiOf(origins: string | string[], changes: Partial<Upstream> = {}): Api {
  const [api] = makeConfig([{ origin: '', price: '0.1', upstream: { origins: [origins].flat(), ...changes } }]).apis;
  if (!api) throw new Error('no API was made');
  return { ...api, name: `api${names++}` };
}

export function makeUpstreams(clock: Clock = systemClock, resolve?: Resolve): Upstreams {
  const upstreams = createUpstreams({ log: silentLog(), clock, ...(resolve ? { resolve } : {}) });
  onTestFinished(() => upstreams.close());
  return upstreams;
}

export type Outcome = {
  status: number | undefined;
  fields: string[];
  framing: Framing | undefined;
  informational: number[];
  body: string;
  trailers: string[] | undefined;
  error: UpstreamError | undefined;
  /** Calls of `onSent`, and calls of the handler after its end. */
  sent: number;
  late: number;
};

export type Call = { handle: UpstreamHandle; outcome: Outcome; ended: Promise<Outcome> };

export type CallOptions = Partial<UpstreamRequest> & {
  onSent?: () => void;
  onHead?: () => void;
  onData?: (chunk: Buffer) => boolean;
  onUpgrade?: UpgradeHandler['onUpgrade'];
};

/** Sends one request and gathers all that its handler hears. */
export function call(upstreams: Upstreams, api: Api, options: CallOptions = {}): Call {
  const { onSent, onHead, onData, onUpgrade, ...changes } = options;
  const request: UpstreamRequest = {
    method: 'GET',
    target: '/a',
    lines: '',
    body: undefined,
    firstByteTimeoutMs: 20_000,
    idleTimeoutMs: 20_000,
    totalTimeoutMs: 0,
    ...changes,
  };
  const outcome: Outcome = {
    status: undefined,
    fields: [],
    framing: undefined,
    informational: [],
    body: '',
    trailers: undefined,
    error: undefined,
    sent: 0,
    late: 0,
  };
  let end: (outcome: Outcome) => void = () => {};
  const ended = new Promise<Outcome>((resolve) => {
    end = resolve;
  });
  const heard = () => {
    if (outcome.trailers || outcome.error) outcome.late++;
  };
  const handler: UpgradeHandler = {
    onSent() {
      heard();
      outcome.sent++;
      onSent?.();
    },
    onInformational(status) {
      heard();
      outcome.informational.push(status);
    },
    onHead(head, framing) {
      heard();
      Object.assign(outcome, { status: head.status, fields: head.fields, framing });
      onHead?.();
    },
    onData(chunk) {
      heard();
      outcome.body += chunk.toString('latin1');
      return onData?.(chunk) ?? true;
    },
    onEnd(trailers) {
      heard();
      outcome.trailers = trailers;
      end(outcome);
    },
    onError(error) {
      heard();
      outcome.error = error;
      end(outcome);
    },
    onUpgrade(head, socket, rest, origin) {
      heard();
      outcome.status = head.status;
      onUpgrade?.(head, socket, rest, origin);
    },
  };
  const handle = onUpgrade ? upstreams.upgrade(api, request, handler) : upstreams.send(api, request, handler);
  return { handle, outcome, ended };
}

/** Moves a fake clock in small steps, and lets everything that waits for it run between them. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    clock.advance(Math.min(100, left));
    await turn();
  }
}

/** One turn of the event loop, sockets included. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export async function until(condition: () => boolean, what = 'a condition'): Promise<void> {
  for (let left = 5_000; left > 0; left--) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`${what} did not come about`);
}
