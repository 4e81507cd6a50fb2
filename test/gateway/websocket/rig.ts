import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Verified } from '../../../src/access/verify.ts';
import { type AccountSlot, createLedger } from '../../../src/billing/ledger.ts';
import type { SocketCause } from '../../../src/billing/socket-charging.ts';
import type { GatewayLimits, Route, SocketUnit } from '../../../src/catalog/model.ts';
import { type FakeClock, fakeClock } from '../../../src/clock.ts';
import { SocketSession } from '../../../src/gateway/websocket/session.ts';
import { SocketTill, type TillDeps } from '../../../src/gateway/websocket/till.ts';
import { silentLog } from '../../../src/log.ts';
import { units } from '../../../src/money.ts';
import { until } from '../../support/until.ts';
import { fakeJournal } from '../fake-journal.ts';
import { limits, usdc } from '../make-config.ts';
import { token } from '../rig.ts';
import { type FrameSpec, frame, type ReadFrame, readFrames } from './reference.ts';

/** Two ends of one TCP connection: what a test holds, and what the gateway holds. */
async function socketPair(): Promise<{ far: Socket; near: Socket }> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const far = connect(typeof bound === 'object' && bound ? bound.port : 0, '127.0.0.1');
  const [near] = (await once(server, 'connection')) as [Socket];
  server.close();
  onTestFinished(() => {
    far.destroy();
    near.destroy();
  });
  return { far, near };
}

/** One end of a WebSocket behind its handshake, as raw bytes. */
export class Peer {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  closed = false;
  readonly #masked: boolean;

  constructor(socket: Socket, masked: boolean) {
    this.socket = socket;
    this.#masked = masked;
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    socket.on('error', () => undefined);
    socket.resume();
    socket.on('close', () => {
      this.closed = true;
    });
  }

  get frames(): ReadFrame[] {
    return readFrames(this.received).frames;
  }

  /** Whole messages that have come, their fragments joined. */
  get messages(): string[] {
    const found: string[] = [];
    let parts: number[] = [];
    for (const { opcode, last, payload } of this.frames) {
      if (opcode > 2) continue;
      parts.push(...payload);
      if (last) found.push(Buffer.from(parts).toString());
      if (last) parts = [];
    }
    return found;
  }

  /** Code and words of the close frame that has come. */
  get close(): { code: number; reason: string } | undefined {
    const found = this.frames.find(({ opcode }) => opcode === 8);
    const payload = Buffer.from(found?.payload ?? []);
    if (payload.length < 2) return found && { code: 1005, reason: '' };
    return { code: payload.readUInt16BE(), reason: payload.subarray(2).toString() };
  }

  frame(spec: Partial<FrameSpec> = {}): Buffer {
    return frame({ opcode: 1, last: true, payload: [], ...spec }, this.#masked);
  }

  say(...texts: string[]): void {
    this.socket.write(Buffer.concat(texts.map((text) => this.frame({ payload: Buffer.from(text) }))));
  }

  sayClose(code = 1000): void {
    this.socket.write(this.frame({ opcode: 8, payload: [code >> 8, code & 255] }));
  }

  async hears(...texts: string[]): Promise<void> {
    await until(() => this.messages.length >= texts.length, `messages ${texts.join()}, not ${this.messages.join()}`);
  }
}

export type SessionRig = Awaited<ReturnType<typeof openSession>>;

/** A session between two raw peers, with the real ledger and a journal in memory. */
export async function openSession(options: {
  per: SocketUnit;
  price?: string;
  balance?: string;
  limits?: Partial<GatewayLimits>;
  packed?: boolean;
  deps?: Partial<TillDeps>;
  clientRest?: Buffer;
  upstreamRest?: Buffer;
}) {
  const clock: FakeClock = fakeClock();
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 1_800_000_000 });
  const account: AccountSlot = ledger.open({
    id: 1,
    address: 'GACCOUNT',
    deposited: usdc(options.balance ?? '1'),
    limit: units(2n ** 60n),
  });
  const journal = fakeJournal();
  const verified: Verified = {
    jti: 'jti-1',
    account: 'GACCOUNT',
    scopes: '*',
    expiresAtMs: Number.MAX_SAFE_INTEGER,
    capUnits: undefined,
  };
  let bad: 'token_expired' | 'token_revoked' | 'overloaded' | undefined;
  let sold = true;
  let nextId = 1;
  const refunds: string[] = [];
  const deps: TillDeps = {
    verifier: {
      cached: () => (bad ? undefined : verified),
      verify: async () => (bad ? { ok: false, reason: bad } : { ok: true, token: verified }),
    },
    ledger,
    journal,
    isPaused: () => false,
    mayServe: () => undefined,
    nextCallId: () => nextId++,
    clock,
    log: silentLog(),
    metrics: {
      ended: () => undefined,
      charged: () => undefined,
      refunded: (_route, amount) => void refunds.push(String(amount)),
      overhead: () => undefined,
    },
    prepared: () => ({
      secretLines: '',
      secretNames: new Set(),
      secretValues: [],
      price: '',
      id: () => 7,
      keepsCacheFields: false,
    }),
    ...options.deps,
  };
  const route = {
    api: { name: 'live' },
    template: '/live',
    priceUnits: usdc(options.price ?? '0.1'),
    websocket: options.per,
  } as Route;
  const [client, upstream] = await Promise.all([socketPair(), socketPair()]);
  const till = new SocketTill(deps, route, { account, cap: undefined, tokenId: 1, tokenJti: 'jti-1' }, token);
  const { purchases } = options.per === 'message' ? { purchases: [] } : await till.buy(1);
  const session = new SocketSession({
    route,
    limits: { ...limits, ...options.limits },
    clock,
    till,
    opening: purchases[0],
    client: { socket: client.near, rest: options.clientRest ?? Buffer.alloc(0) },
    upstream: { socket: upstream.near, rest: options.upstreamRest ?? Buffer.alloc(0) },
    packed: options.packed ?? false,
    isPaused: () => deps.isPaused('live'),
    isSold: () => sold,
    log: silentLog(),
  });
  let cause: SocketCause | undefined;
  const ended = session.run().then((found) => {
    cause = found;
    return found;
  });
  return {
    clock,
    ledger,
    account,
    journal,
    session,
    till,
    ended,
    client: new Peer(client.far, true),
    upstream: new Peer(upstream.far, false),
    get cause() {
      return cause;
    },
    spoil(reason: typeof bad) {
      bad = reason;
    },
    /** As a reload does that takes what is sold out of the catalog. */
    withdraw() {
      sold = false;
    },
    /** Moves the clock until the session is over, as a server's time does. */
    async over(): Promise<SocketCause> {
      await until(() => {
        if (cause === undefined) clock.advance(100);
        return cause !== undefined;
      }, 'the end of the session');
      return ended;
    },
  };
}
