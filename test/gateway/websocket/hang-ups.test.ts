import { describe, expect, it } from 'vitest';
import type { SocketUnit } from '../../../src/catalog/model.ts';
import { until } from '../../support/until.ts';
import { usdc } from '../make-config.ts';
import { openSession, type SessionRig } from './rig.ts';

const times: SocketUnit[] = ['connection', 'minute'];

function ping(payload = 'beat') {
  return { opcode: 9, payload: Buffer.from(payload) };
}

/** A session in which a message has gone each way. */
async function served(per: SocketUnit): Promise<SessionRig> {
  const rig = await openSession({ per, balance: '100' });
  rig.client.say('ask');
  await rig.upstream.hears('ask');
  rig.upstream.say('served');
  await rig.client.hears('served');
  return rig;
}

async function upstreamPings(rig: SessionRig, payload?: string): Promise<void> {
  const before = rig.client.frames.length;
  rig.upstream.socket.write(rig.upstream.frame(ping(payload)));
  await until(() => rig.client.frames.length > before, 'the ping at the client');
}

async function clientPongs(rig: SessionRig, payload?: string): Promise<void> {
  const before = rig.upstream.frames.length;
  rig.client.socket.write(rig.client.frame({ ...ping(payload), opcode: 10 }));
  await until(() => rig.upstream.frames.length > before, 'the pong at the upstream');
}

/** Fills all that lies between the upstream and a client that does not read, until the gateway reads no further. */
async function clientStopsReading(rig: SessionRig): Promise<void> {
  rig.client.socket.pause();
  await fill(rig, 'upstream', 'down');
}

async function fill(rig: SessionRig, side: 'client' | 'upstream', lane: 'up' | 'down'): Promise<void> {
  const piece = rig[side].frame({ opcode: 2, payload: Buffer.alloc(65_000) });
  await until(() => {
    if (rig.session.tunnel[lane].behindSinceMs !== undefined) return true;
    while (rig[side].socket.write(piece));
    return false;
  }, 'back-pressure');
}

/** What has become of the money, and who ended it, when the upstream hangs up without a close frame. */
async function hangUp(rig: SessionRig) {
  rig.upstream.socket.resetAndDestroy();
  await until(() => rig.session.tunnel.isClosing, 'the end of the upstream');
  const cause = await rig.over();
  const { charges, refunds } = rig.journal;
  return { cause, charges: charges.length, refunds: refunds.length, reason: rig.client.close?.reason };
}

const broken = { cause: 'upstream', charges: 1, refunds: 1, reason: 'the upstream broke off' };

describe.each(times)('a client that lets its upstream wait until it hangs up has paid: per %s', (per) => {
  it('when it has not answered a ping', async () => {
    const rig = await served(per);
    await upstreamPings(rig);
    rig.clock.advance(3_000);
    const reason = 'the upstream broke off: a ping was not answered';
    expect(await hangUp(rig)).toEqual({ cause: 'client', charges: 1, refunds: 0, reason });
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone' }]);
  });

  it('when its pong answers no ping', async () => {
    const rig = await served(per);
    await upstreamPings(rig, 'beat 1');
    await clientPongs(rig, 'beat 2');
    rig.clock.advance(3_000);
    expect(await hangUp(rig)).toMatchObject({ cause: 'client', refunds: 0 });
  });

  it('when it answers one ping and not the next, however many there are', async () => {
    const rig = await served(per);
    await upstreamPings(rig, 'first');
    await clientPongs(rig, 'first');
    for (let i = 0; i < 40; i++) {
      await upstreamPings(rig, `beat ${i}`);
      rig.clock.advance(80);
    }
    expect(await hangUp(rig)).toMatchObject({ cause: 'client', refunds: 0 });
  });

  it('when it has not read for long', async () => {
    const rig = await served(per);
    await clientStopsReading(rig);
    rig.clock.advance(30_000);
    // The gateway reads nothing of this upstream, so it learns of its end by writing.
    rig.upstream.socket.resetAndDestroy();
    await until(() => {
      rig.client.say('still here');
      return rig.session.tunnel.isClosing;
    }, 'the end of the upstream');
    expect(await rig.over()).toBe('client');
    expect(rig.journal.refunds).toEqual([]);
  });

  it('also when it reads on behind that, and what the upstream sent last comes only now', async () => {
    const rig = await served(per);
    await clientStopsReading(rig);
    rig.clock.advance(30_000);
    rig.upstream.socket.destroy();
    rig.client.socket.removeAllListeners('data').resume();
    await until(() => rig.session.tunnel.isClosing, 'the end of the upstream');
    expect(await rig.over()).toBe('client');
    expect(rig.journal.refunds).toEqual([]);
  });

  it('when it stays inside a frame', async () => {
    const rig = await served(per);
    const before = rig.upstream.received.length;
    rig.client.socket.write(rig.client.frame({ payload: Buffer.alloc(1_000) }).subarray(0, 20));
    await until(() => rig.upstream.received.length === before + 20);
    rig.clock.advance(5_000);
    const reason = 'the upstream broke off: a message was not finished';
    expect(await hangUp(rig)).toEqual({ cause: 'client', charges: 1, refunds: 0, reason });
  });

  it('when it stays inside a message, or moves next to nothing of it', async () => {
    const rig = await served(per);
    const before = rig.upstream.received.length;
    const part = rig.client.frame({ opcode: 2, last: false, payload: Buffer.alloc(100) });
    rig.client.socket.write(part);
    await until(() => rig.upstream.received.length === before + part.length);
    for (let second = 1; second <= 5; second++) {
      rig.clock.advance(1_000);
      rig.client.socket.write(rig.client.frame({ opcode: 0, last: false }));
      await until(() => rig.upstream.received.length === before + part.length + 6 * second);
    }
    expect(await hangUp(rig)).toMatchObject({ cause: 'client', refunds: 0 });
  });
});

describe.each(times)('a client whose upstream breaks off gets its money back: per %s', (per) => {
  it('when it has answered all pings', async () => {
    const rig = await served(per);
    for (const payload of ['one', 'two', 'two']) {
      await upstreamPings(rig, payload);
      await clientPongs(rig, payload);
    }
    rig.clock.advance(59_000);
    expect(await hangUp(rig)).toEqual(broken);
  });

  it('when it has answered the last of several pings, which stands for all', async () => {
    const rig = await served(per);
    for (let i = 0; i < 40; i++) await upstreamPings(rig, `beat ${i}`);
    await clientPongs(rig, 'beat 39');
    rig.clock.advance(59_000);
    expect(await hangUp(rig)).toEqual(broken);
  });

  it('when a ping has just gone to it', async () => {
    const rig = await served(per);
    rig.clock.advance(50_000);
    await upstreamPings(rig);
    rig.clock.advance(2_999);
    expect(await hangUp(rig)).toEqual(broken);
  });

  it('when its pong and its frame lie unread because the upstream does not take what it sends', async () => {
    const rig = await served(per);
    rig.upstream.socket.pause();
    await fill(rig, 'client', 'up');
    await upstreamPings(rig);
    rig.client.socket.write(rig.client.frame({ ...ping(), opcode: 10 }));
    rig.clock.advance(50_000);
    expect(await hangUp(rig)).toEqual(broken);
  });

  it('when it has not read for a moment', async () => {
    const rig = await served(per);
    await clientStopsReading(rig);
    rig.clock.advance(29_000);
    rig.upstream.socket.destroy();
    rig.client.socket.removeAllListeners('data').resume();
    await until(() => rig.session.tunnel.isClosing, 'the end of the upstream');
    expect(await rig.over()).toBe('upstream');
    expect(rig.journal.refunds).toHaveLength(1);
  });

  it('when it has just begun a message, behind a long silence', async () => {
    const rig = await served(per);
    rig.clock.advance(50_000);
    const before = rig.upstream.received.length;
    rig.client.socket.write(rig.client.frame({ payload: Buffer.alloc(1_000) }).subarray(0, 20));
    await until(() => rig.upstream.received.length === before + 20);
    rig.clock.advance(4_999);
    expect(await hangUp(rig)).toMatchObject({ cause: 'upstream', refunds: 1 });
  });

  it('when a long message of it moves', async () => {
    const rig = await served(per);
    const before = rig.upstream.received.length;
    const whole = rig.client.frame({ opcode: 2, payload: Buffer.alloc(60_000) });
    for (let at = 0; at < 50_000; at += 10_000) {
      rig.client.socket.write(whole.subarray(at, at + 10_000));
      await until(() => rig.upstream.received.length === before + at + 10_000);
      rig.clock.advance(4_900);
    }
    expect(await hangUp(rig)).toMatchObject({ cause: 'upstream', refunds: 1 });
  });
});

describe('what has been given for a minute has been given', () => {
  it.each([
    [59_999, 1],
    [60_000, 0],
    [10_000_000, 0],
  ])('a connection whose upstream breaks off %i ms behind its opening gets %i prices back', async (openMs, refunds) => {
    const rig = await openSession({
      per: 'connection',
      limits: { websocketIdleTimeoutMs: 1e9, websocketCheckIntervalMs: 1e9 },
    });
    rig.clock.advance(openMs);
    expect(await hangUp(rig)).toEqual({ ...broken, refunds });
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'upstream_broke' }]);
  });

  it('counts to the moment at which the upstream broke off, however long the client takes to leave', async () => {
    const rig = await openSession({ per: 'connection' });
    rig.clock.advance(58_000);
    rig.upstream.socket.resetAndDestroy();
    await until(() => rig.client.close !== undefined);
    expect(rig.cause).toBeUndefined();
    rig.clock.advance(5_000);
    expect(await rig.ended).toBe('upstream');
    expect(rig.journal.refunds).toHaveLength(1);
  });

  it('and of minutes the one that runs goes back, however many there were before', async () => {
    const rig = await openSession({ per: 'minute', balance: '100' });
    for (let minute = 1; minute <= 3; minute++) {
      rig.clock.advance(60_000);
      await until(() => rig.journal.finishes.length === minute);
    }
    rig.clock.advance(59_000);
    expect(await hangUp(rig)).toEqual({ ...broken, charges: 4 });
    expect(rig.account.charged - rig.account.refunded).toBe(usdc('0.3'));
  });
});

describe('a message that its client does not finish', () => {
  async function half(limits = {}): Promise<SessionRig> {
    const rig = await openSession({ per: 'message', limits });
    const part = rig.client.frame({ last: false, payload: Buffer.from('half') });
    rig.client.socket.write(part);
    await until(() => rig.upstream.received.length === part.length);
    return rig;
  }

  it('is paid when the upstream does not wait for the rest', async () => {
    const rig = await half();
    rig.clock.advance(5_000);
    expect(await hangUp(rig)).toMatchObject({ cause: 'client', charges: 1, refunds: 0 });
  });

  it('goes back when the upstream breaks off as it is being sent', async () => {
    const rig = await half();
    rig.clock.advance(4_999);
    expect(await hangUp(rig)).toMatchObject({ cause: 'upstream', charges: 1, refunds: 1 });
  });

  it.each([
    ['its token is revoked', (rig: SessionRig) => rig.spoil('token_revoked'), 60_000, 1008],
    ['nothing comes for too long', () => undefined, 300_000, 1001],
  ] as const)('is paid when the gateway closes because %s', async (_, spoil, afterMs, code) => {
    const rig = await half({ websocketCheckIntervalMs: spoil.length > 0 ? 60_000 : 1e9 });
    spoil(rig);
    rig.clock.advance(afterMs);
    await until(() => rig.session.tunnel.isClosing, 'the end');
    await rig.over();
    expect(rig.client.close?.code).toBe(code);
    expect([rig.journal.charges.length, rig.journal.refunds]).toEqual([1, []]);
  });

  it('goes back when the gateway closes as it is being sent', async () => {
    const rig = await half();
    rig.clock.advance(57_000);
    const before = rig.upstream.received.length;
    const part = rig.client.frame({ opcode: 0, last: false, payload: Buffer.alloc(4_000) });
    rig.client.socket.write(part);
    await until(() => rig.upstream.received.length === before + part.length);
    rig.spoil('token_revoked');
    rig.clock.advance(3_000);
    expect(await rig.over()).toBe('gateway');
    expect(rig.journal.refunds).toMatchObject([{ reason: 'gateway_failed' }]);
  });
});
