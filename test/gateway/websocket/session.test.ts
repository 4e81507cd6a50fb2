import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SocketUnit } from '../../../src/catalog/model.ts';
import { type ErrorCode, errorTable, GatewayError } from '../../../src/errors.ts';
import { closingFor } from '../../../src/gateway/websocket/session.ts';
import { until } from '../../support/until.ts';
import { usdc } from '../make-config.ts';
import { openSession, type SessionRig } from './rig.ts';

/** What the books say, and that they fit: each charge finished, refunded ones first, nothing left on hold. */
function books({ journal, account }: SessionRig) {
  expect(journal.finishes.map(({ chargeId }) => chargeId).sort()).toEqual(journal.charges.map(({ id }) => id).sort());
  expect(account).toMatchObject({ held: 0n, holds: 0 });
  const refunded = journal.refunds.reduce((sum, { amount }) => sum + amount, 0n);
  const charged = journal.charges.reduce((sum, { priceUnits }) => sum + priceUnits, 0n);
  expect([account.charged, account.refunded]).toEqual([charged, refunded]);
  return {
    charges: journal.charges.length,
    refunds: journal.refunds.map(({ reason }) => reason),
    outcomes: journal.finishes.map(({ outcome }) => outcome),
  };
}

/** Time for what is written to arrive. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function closeCleanly(rig: SessionRig): Promise<void> {
  rig.client.sayClose();
  await until(() => rig.upstream.close !== undefined, 'the close frame at the upstream');
  rig.upstream.sayClose();
  rig.client.socket.end();
  rig.upstream.socket.end();
  expect(await rig.over()).toBe('closed');
}

describe('an open WebSocket', () => {
  it('passes frames both ways unchanged, and what came with the handshake first', async () => {
    const rig = await openSession({ per: 'connection', upstreamRest: Buffer.from([0x81, 2, 104, 105]) });
    await until(() => rig.client.messages.length === 1);
    rig.client.say('one', 'two');
    rig.client.socket.write(rig.client.frame({ opcode: 9, payload: Buffer.from('ping') }));
    await rig.upstream.hears('one', 'two');
    rig.upstream.say('three');
    await rig.client.hears('hi', 'three');
    expect(rig.upstream.frames.map(({ opcode, masked }) => [opcode, masked])).toEqual([
      [1, true],
      [1, true],
      [9, true],
    ]);
    expect(rig.client.messages).toEqual(['hi', 'three']);
    await closeCleanly(rig);
    expect(books(rig)).toEqual({ charges: 1, refunds: [], outcomes: ['completed'] });
    expect(rig.journal.finishes[0]).toMatchObject({ bytesIn: rig.upstream.received.length });
  });

  it('relays the close frames of both sides, and ends both connections', async () => {
    const rig = await openSession({ per: 'connection' });
    rig.upstream.sayClose(4001);
    await until(() => rig.client.close !== undefined);
    expect(rig.client.close).toEqual({ code: 4001, reason: '' });
    rig.client.sayClose(4002);
    await until(() => rig.upstream.close !== undefined);
    expect(rig.upstream.close?.code).toBe(4002);
    await until(() => rig.client.socket.readableEnded && rig.upstream.socket.readableEnded);
    expect(await rig.over()).toBe('closed');
  });

  it('that is closing stays what it is when the gateway stops', async () => {
    const rig = await openSession({ per: 'connection' });
    rig.client.sayClose(4000);
    await until(() => rig.upstream.close !== undefined);
    rig.session.leave();
    rig.upstream.sayClose(4000);
    await until(() => rig.client.close !== undefined);
    expect(rig.client.close?.code).toBe(4000);
    expect(await rig.over()).toBe('closed');
    expect(rig.upstream.frames.map(({ opcode }) => opcode)).toEqual([8]);
  });

  it('waits five seconds for the answer to a close frame, and no longer', async () => {
    const rig = await openSession({ per: 'connection' });
    rig.client.sayClose();
    await until(() => rig.upstream.close !== undefined);
    rig.clock.advance(4_999);
    await rig.upstream.hears();
    expect(rig.cause).toBeUndefined();
    rig.clock.advance(1);
    expect(await rig.ended).toBe('closed');
    expect(books(rig).refunds).toEqual([]);
  });

  it('stops reading from a side whose other side does not read', async () => {
    const rig = await openSession({ per: 'connection' });
    rig.client.socket.pause();
    const piece = rig.upstream.frame({ opcode: 2, payload: Buffer.alloc(65_000) });
    let sent = 0;
    await until(() => {
      if (rig.session.tunnel.behindSinceMs !== Number.POSITIVE_INFINITY) return true;
      for (let i = 0; i < 10; i++) rig.upstream.socket.write(piece);
      sent += 10 * piece.length;
      return false;
    }, 'back-pressure');
    expect(rig.session.tunnel.down.bytes).toBeLessThan(sent + 1);
    rig.clock.advance(300_000);
    expect(await rig.ended).toBe('gateway');
  });
});

describe('money by the message', () => {
  it('charges each message before it goes on, and nothing else', async () => {
    const rig = await openSession({ per: 'message' });
    const commit = Promise.withResolvers<void>();
    let writing = false;
    rig.journal.beforeCharge = () => {
      writing = true;
      return commit.promise;
    };
    rig.client.socket.write(rig.client.frame({ opcode: 9 }));
    await until(() => rig.upstream.frames.length === 1);
    rig.client.say('one');
    await until(() => writing);
    await new Promise((resolve) => setImmediate(resolve));
    expect([rig.account.holds, rig.upstream.messages]).toEqual([1, []]);
    commit.resolve();
    await rig.upstream.hears('one');
    expect(rig.account).toMatchObject({ charged: usdc('0.1'), holds: 0 });
    rig.upstream.say('free', 'of', 'charge');
    await rig.client.hears('free', 'of', 'charge');
    rig.journal.beforeCharge = () => Promise.resolve();
    await closeCleanly(rig);
    expect(books(rig)).toEqual({ charges: 1, refunds: [], outcomes: ['completed'] });
    expect(rig.journal.charges[0]).toMatchObject({ method: 'GET', status: 101, priceUnits: usdc('0.1'), routeId: 7 });
  });

  it('charges a message of many fragments once, also with a ping between them', async () => {
    const rig = await openSession({ per: 'message' });
    const part = (opcode: number, last: boolean, text: string) =>
      rig.client.frame({ opcode, last, payload: Buffer.from(text) });
    rig.client.socket.write(part(1, false, 'a'));
    await until(() => rig.upstream.frames.length === 1);
    rig.client.socket.write(
      Buffer.concat([part(0, false, 'b'), part(9, true, ''), part(0, true, 'c'), part(2, true, 'd')]),
    );
    await rig.upstream.hears('abc', 'd');
    await closeCleanly(rig);
    expect(books(rig)).toMatchObject({ charges: 2, refunds: [] });
  });

  it.each([1, 7, 1_000])('lets exactly as many through as are paid: sent %i bytes at a time', async (size) => {
    const rig = await openSession({ per: 'message', price: '0.1', balance: '0.75' });
    const bytes = Buffer.concat(
      Array.from({ length: 20 }, (_, i) => rig.client.frame({ payload: Buffer.from(`message ${i}`) })),
    );
    for (let at = 0; at < bytes.length; at += size) rig.client.socket.write(bytes.subarray(at, at + size));
    await until(() => rig.upstream.close !== undefined, 'the close frame at the upstream');
    rig.upstream.sayClose();
    await until(() => rig.client.close !== undefined, 'the close frame');
    expect(rig.client.close).toEqual({ code: 1008, reason: expect.stringContaining('balance_too_low') });
    await until(() => rig.upstream.close !== undefined);
    expect(rig.upstream.close).toEqual({ code: 1008, reason: '' });
    expect(rig.upstream.messages).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `message ${i}`));
    await rig.over();
    expect(books(rig)).toEqual({ charges: 7, refunds: [], outcomes: Array(7).fill('completed') });
  });

  it('forwards as many messages as it charges, whatever the balance, the sizes and the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 3 }), { maxLength: 12 }),
        fc.integer({ min: 0, max: 10 }),
        fc.integer({ min: 1, max: 300 }),
        async (messages, paidFor, size) => {
          const rig = await openSession({ per: 'message', price: '0.1', balance: `${paidFor / 10}` });
          const bytes = Buffer.concat(
            messages.flatMap((parts) =>
              parts.map((payload, i) =>
                rig.client.frame({ opcode: i === 0 ? 2 : 0, last: i === parts.length - 1, payload }),
              ),
            ),
          );
          for (let at = 0; at < bytes.length; at += size) rig.client.socket.write(bytes.subarray(at, at + size));
          rig.client.sayClose();
          const expected = Math.min(messages.length, paidFor);
          await until(() => rig.upstream.close !== undefined, 'the close frame');
          expect(rig.upstream.messages.length).toBe(expected);
          rig.client.socket.destroy();
          rig.upstream.socket.destroy();
          await rig.over();
          expect(books(rig)).toMatchObject({ charges: expected, refunds: [] });
          expect(rig.account.charged).toBe(usdc('0.1') * BigInt(expected));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('forwards nothing that the journal refuses, and takes back what was written behind it', async () => {
    const rig = await openSession({ per: 'message' });
    let count = 0;
    rig.journal.beforeCharge = () =>
      ++count === 2 ? Promise.reject(new GatewayError('journal_unavailable')) : Promise.resolve();
    rig.client.say('one', 'two', 'three');
    await until(() => rig.upstream.close !== undefined, 'the close frame at the upstream');
    rig.upstream.socket.end();
    await until(() => rig.client.close !== undefined, 'the close frame');
    expect(rig.client.close).toEqual({ code: 1013, reason: expect.stringContaining('journal_unavailable') });
    expect(rig.upstream.messages).toEqual(['one']);
    await rig.over();
    expect(books(rig)).toMatchObject({ charges: 2, refunds: ['gateway_failed'] });
  });

  it('lets the upstream answer what was paid before the client hears that no more is', async () => {
    const rig = await openSession({ per: 'message', balance: '0.2' });
    rig.client.say('one', 'two', 'three');
    await until(() => rig.upstream.close !== undefined, 'the close frame at the upstream');
    expect(rig.client.close).toBeUndefined();
    rig.upstream.say('answer one', 'answer two');
    rig.upstream.sayClose(1008);
    await until(() => rig.client.close !== undefined, 'the close frame');
    expect(rig.client.messages).toEqual(['answer one', 'answer two']);
    expect(rig.client.frames.filter(({ opcode }) => opcode === 8)).toHaveLength(1);
    expect(rig.client.close?.reason).toContain('balance_too_low');
    rig.client.sayClose(1008);
    await rig.over();
    expect(books(rig)).toMatchObject({ charges: 2, refunds: [] });
  });

  it('puts its own close frame in place of the upstream’s, also when that comes in pieces', async () => {
    const rig = await openSession({ per: 'message', balance: '0' });
    rig.client.say('one');
    await until(() => rig.upstream.close !== undefined, 'the close frame at the upstream');
    const theirs = rig.upstream.frame({ opcode: 8, payload: [3, 232, 98, 121, 101] });
    rig.upstream.socket.write(theirs.subarray(0, 3));
    await turns();
    rig.upstream.socket.write(theirs.subarray(3));
    await until(() => rig.client.close !== undefined, 'the close frame');
    expect(rig.client.close?.code).toBe(1008);
    rig.client.socket.end();
    await rig.over();
    expect(rig.client.received.length).toBe(rig.client.frames[0]?.end);
  });

  it('waits a second for those answers, and no longer', async () => {
    const rig = await openSession({ per: 'message', balance: '0' });
    rig.client.say('one');
    await until(() => rig.upstream.close !== undefined, 'the close frame at the upstream');
    rig.clock.advance(999);
    rig.upstream.say('late');
    await rig.client.hears('late');
    expect(rig.client.close).toBeUndefined();
    rig.clock.advance(1);
    await until(() => rig.client.close !== undefined, 'the close frame');
    await rig.over();
  });

  it('pays for many messages of one read in steps, so that others get their turn', async () => {
    const rig = await openSession({ per: 'message', price: '0.0001', balance: '0.05' });
    const commit = Promise.withResolvers<void>();
    rig.journal.beforeCharge = () => commit.promise;
    rig.client.say(...Array<string>(600).fill(''));
    await until(() => rig.account.holds > 0);
    await turns();
    expect(rig.account.holds).toBe(128);
    rig.journal.beforeCharge = () => Promise.resolve();
    commit.resolve();
    await until(() => rig.upstream.close !== undefined, 'the close frame at the upstream');
    expect(rig.upstream.messages).toHaveLength(500);
    rig.upstream.socket.end();
    rig.client.socket.end();
    await rig.over();
    expect(books(rig)).toMatchObject({ charges: 500, refunds: [] });
  });

  it('forwards no byte of a message that is not paid, also of one that is still coming', async () => {
    const rig = await openSession({ per: 'message', balance: '0.1' });
    const unpaid = rig.client.frame({ payload: Buffer.alloc(100, 7) });
    rig.client.say('paid');
    await rig.upstream.hears('paid');
    rig.client.socket.write(unpaid.subarray(0, 50));
    await until(() => rig.upstream.close !== undefined, 'the close frame at the upstream');
    rig.client.socket.write(unpaid.subarray(50));
    rig.upstream.sayClose();
    await until(() => rig.client.close !== undefined, 'the close frame');
    rig.client.sayClose();
    await rig.over();
    expect(rig.upstream.frames.map(({ opcode }) => opcode)).toEqual([1, 8]);
    expect(rig.upstream.received.length).toBe(rig.upstream.frames.at(-1)?.end);
    expect(books(rig)).toMatchObject({ charges: 1, refunds: [] });
  });

  it('forwards nothing behind a message that was not paid, also when the upstream had closed before', async () => {
    const rig = await openSession({ per: 'message', balance: '0' });
    rig.upstream.sayClose();
    await until(() => rig.client.close !== undefined);
    const part = (opcode: number, last: boolean) => rig.client.frame({ opcode, last, payload: [1] });
    rig.client.socket.write(part(1, false));
    await turns();
    rig.client.socket.write(part(0, true));
    rig.client.sayClose();
    rig.client.socket.end();
    rig.upstream.socket.end();
    await rig.over();
    expect(rig.upstream.messages).toEqual([]);
    expect(rig.upstream.frames.filter(({ opcode }) => opcode < 8)).toEqual([]);
    expect(rig.client.frames.filter(({ opcode }) => opcode === 8)).toHaveLength(1);
    expect(books(rig)).toMatchObject({ charges: 0 });
  });

  it('takes back what is being written while both sides leave', async () => {
    const rig = await openSession({ per: 'message' });
    const commit = Promise.withResolvers<void>();
    rig.journal.beforeCharge = () => commit.promise;
    rig.client.say('one');
    await until(() => rig.account.holds === 1);
    rig.session.tunnel.destroy();
    await until(() => rig.client.closed && rig.upstream.closed);
    await turns();
    expect(rig.cause).toBeUndefined();
    commit.resolve();
    await rig.over();
    expect(books(rig)).toMatchObject({ charges: 1, refunds: ['gateway_failed'] });
  });

  it('forwards nothing behind its own close frame, also what was being paid meanwhile', async () => {
    const rig = await openSession({ per: 'message' });
    const commit = Promise.withResolvers<void>();
    rig.journal.beforeCharge = () => commit.promise;
    rig.client.say('one');
    await until(() => rig.account.holds === 1);
    rig.session.tunnel.close({ code: 1008, reason: 'token_revoked' });
    await until(() => rig.upstream.close !== undefined && rig.client.close !== undefined);
    commit.resolve();
    await rig.over();
    expect(rig.upstream.messages).toEqual([]);
    expect(books(rig)).toMatchObject({ charges: 1, refunds: ['gateway_failed'] });
  });

  it.each(['upstream', 'client'] as const)(
    'takes back what was paid while the %s left, since no byte of it was handed on',
    async (side) => {
      const rig = await openSession({ per: 'message' });
      const commit = Promise.withResolvers<void>();
      rig.journal.beforeCharge = () => commit.promise;
      rig.client.say('one', 'two');
      await until(() => rig.account.holds === 2);
      if (side === 'upstream') rig.upstream.sayClose();
      rig[side].socket.end();
      const other = side === 'upstream' ? rig.client : rig.upstream;
      await until(() => other.close !== undefined, 'the close frame at the other side');
      if (side === 'upstream') await until(() => rig.upstream.socket.readableEnded || rig.upstream.closed);
      commit.resolve();
      other.sayClose();
      await rig.over();
      expect(rig.upstream.messages).toEqual([]);
      const reason = side === 'upstream' ? 'upstream_broke' : 'client_gone';
      expect(books(rig)).toEqual({ charges: 2, refunds: [reason, reason], outcomes: [reason, reason] });
    },
  );

  it('keeps the charge of a message that the client breaks off', async () => {
    const rig = await openSession({ per: 'message' });
    rig.client.socket.write(rig.client.frame({ last: false, payload: Buffer.from('half') }));
    await until(() => rig.upstream.frames.length === 1);
    rig.client.socket.destroy();
    await until(() => rig.upstream.close !== undefined);
    expect(rig.upstream.close?.code).toBe(1001);
    expect(await rig.over()).toBe('client');
    expect(books(rig)).toEqual({ charges: 1, refunds: [], outcomes: ['client_gone'] });
  });

  it('takes back the charge of a message that the upstream broke off, and tells the client', async () => {
    const rig = await openSession({ per: 'message' });
    rig.client.say('whole');
    rig.client.socket.write(rig.client.frame({ last: false, payload: Buffer.from('half') }));
    await until(() => rig.upstream.frames.length === 2);
    rig.upstream.socket.resetAndDestroy();
    await until(() => rig.client.close !== undefined);
    expect(rig.client.close).toEqual({ code: 1011, reason: 'the upstream broke off' });
    expect(await rig.over()).toBe('upstream');
    expect(books(rig)).toEqual({ charges: 2, refunds: ['upstream_broke'], outcomes: ['completed', 'upstream_broke'] });
  });

  it('takes back what is being written while the upstream breaks off', async () => {
    const rig = await openSession({ per: 'message' });
    const commit = Promise.withResolvers<void>();
    rig.journal.beforeCharge = () => commit.promise;
    rig.client.say('one');
    await until(() => rig.account.holds === 1);
    rig.upstream.socket.resetAndDestroy();
    await until(() => rig.client.close !== undefined);
    commit.resolve();
    await rig.over();
    expect(books(rig)).toEqual({ charges: 1, refunds: ['upstream_broke'], outcomes: ['upstream_broke'] });
  });
});

describe('money by the minute', () => {
  it('charges each minute before it begins, until the money is gone', async () => {
    const rig = await openSession({ per: 'minute', price: '0.1', balance: '0.35' });
    expect(rig.journal.charges).toHaveLength(1);
    rig.clock.advance(59_999);
    rig.client.say('first');
    await rig.upstream.hears('first');
    expect(rig.journal.charges).toHaveLength(1);
    for (const minutes of [2, 3]) {
      rig.clock.advance(60_000);
      await until(() => rig.journal.charges.length === minutes, `minute ${minutes}`);
      rig.client.say('more');
      await until(() => rig.upstream.messages.length === minutes);
    }
    rig.clock.advance(60_000);
    await until(() => rig.client.close !== undefined);
    expect(rig.client.close).toEqual({ code: 1008, reason: expect.stringContaining('balance_too_low') });
    await rig.over();
    expect(books(rig)).toEqual({ charges: 3, refunds: [], outcomes: Array(3).fill('completed') });
  });

  it('lets nothing pass while the next minute is being written', async () => {
    const rig = await openSession({ per: 'minute' });
    const commit = Promise.withResolvers<void>();
    rig.journal.beforeCharge = () => commit.promise;
    rig.clock.advance(60_000);
    await until(() => rig.account.holds === 1);
    rig.client.say('late');
    rig.upstream.say('late');
    await until(() => rig.client.socket.bytesWritten > 0 && rig.upstream.socket.bytesWritten > 0);
    await turns();
    expect([rig.client.messages, rig.upstream.messages]).toEqual([[], []]);
    commit.resolve();
    await Promise.all([rig.client.hears('late'), rig.upstream.hears('late')]);
    rig.journal.beforeCharge = () => Promise.resolve();
    await closeCleanly(rig);
    expect(books(rig)).toMatchObject({ charges: 2, refunds: [] });
  });

  it('takes back a minute that was being written when the connection ended', async () => {
    const rig = await openSession({ per: 'minute' });
    const commit = Promise.withResolvers<void>();
    rig.journal.beforeCharge = () => commit.promise;
    rig.clock.advance(60_000);
    await until(() => rig.account.holds === 1);
    rig.session.tunnel.destroy();
    await until(() => rig.client.closed && rig.upstream.closed);
    await turns();
    commit.resolve();
    await rig.over();
    expect(books(rig)).toMatchObject({ charges: 2, refunds: ['client_gone'] });
    expect(rig.account.charged - rig.account.refunded).toBe(usdc('0.1'));
  });

  it('takes back a minute that was being written when a side began to close', async () => {
    const rig = await openSession({ per: 'minute' });
    const commit = Promise.withResolvers<void>();
    rig.journal.beforeCharge = () => commit.promise;
    rig.clock.advance(60_000);
    await until(() => rig.account.holds === 1);
    // Of the gateway: what comes from either side is not read while a minute is written.
    rig.session.leave();
    expect(rig.session.tunnel.isClosing).toBe(true);
    commit.resolve();
    await rig.over();
    expect(books(rig)).toMatchObject({ charges: 2, refunds: ['client_gone'] });
    expect(rig.account.charged - rig.account.refunded).toBe(usdc('0.1'));
  });

  it.each(['client', 'upstream', 'gateway'] as const)(
    'begins no minute while the connection is closing: %s',
    async (side) => {
      const rig = await openSession({ per: 'minute' });
      rig.clock.advance(59_999);
      if (side === 'gateway') rig.session.leave();
      else rig[side].sayClose();
      const told = side === 'upstream' ? rig.client : rig.upstream;
      await until(() => told.close !== undefined, 'the close frame');
      rig.clock.advance(1);
      await turns();
      await rig.over();
      expect(books(rig)).toMatchObject({ charges: 1, refunds: [] });
    },
  );

  it('gives nothing back that was settled while the connection was open', async () => {
    const rig = await openSession({ per: 'connection' });
    rig.journal.refund = async () => 'sealed';
    rig.upstream.socket.resetAndDestroy();
    expect(await rig.over()).toBe('upstream');
    expect(books(rig)).toEqual({ charges: 1, refunds: [], outcomes: ['upstream_broke'] });
    expect(rig.till.paid).toBe(usdc('0.1'));
  });

  it('takes back the minute in which the upstream breaks off, and none before it', async () => {
    const rig = await openSession({ per: 'minute' });
    rig.clock.advance(60_000);
    await until(() => rig.journal.finishes.length === 1);
    rig.upstream.socket.resetAndDestroy();
    expect(await rig.over()).toBe('upstream');
    expect(books(rig)).toEqual({ charges: 2, refunds: ['upstream_broke'], outcomes: ['completed', 'upstream_broke'] });
  });
});

describe('an open WebSocket ends', () => {
  const units: SocketUnit[] = ['connection', 'message', 'minute'];

  it.each(units)('with 1008 within the check interval when its token is revoked: per %s', async (per) => {
    const rig = await openSession({ per, balance: '100' });
    rig.spoil('token_revoked');
    rig.clock.advance(59_999);
    rig.upstream.say('still open');
    await rig.client.hears('still open');
    rig.clock.advance(1);
    await until(() => rig.client.close !== undefined, 'the close frame');
    expect(rig.client.close).toEqual({ code: 1008, reason: expect.stringContaining('token_revoked') });
    expect(await rig.over()).toBe('gateway');
    expect(books(rig).refunds).toEqual([]);
  });

  it('with 1008 at the next message when its token has expired, which is not charged', async () => {
    const rig = await openSession({ per: 'message' });
    rig.spoil('token_expired');
    rig.client.say('one');
    await until(() => rig.upstream.close !== undefined);
    rig.upstream.sayClose();
    await until(() => rig.client.close !== undefined);
    expect(rig.client.close).toEqual({ code: 1008, reason: expect.stringContaining('token_expired') });
    await rig.over();
    expect([rig.upstream.messages, books(rig).charges]).toEqual([[], 0]);
  });

  it('with 1013 when its token cannot be looked at, for it may be revoked', async () => {
    const rig = await openSession({ per: 'message' });
    rig.spoil('overloaded');
    rig.clock.advance(60_000);
    await until(() => rig.client.close !== undefined);
    expect(rig.client.close).toEqual({ code: 1013, reason: expect.stringContaining('overloaded') });
    await rig.over();
  });

  it('with 1008 within the check interval when messages could not be paid any more', async () => {
    const rig = await openSession({ per: 'message' });
    rig.account.requested = rig.account.deposited;
    rig.clock.advance(60_000);
    await until(() => rig.client.close !== undefined);
    expect(rig.client.close).toEqual({ code: 1008, reason: expect.stringContaining('balance_too_low') });
    rig.account.requested = usdc('0');
    await rig.over();
  });

  it.each([
    ['a pause of its API', 'api_paused', { isPaused: () => true }],
    ['a stop of sales', 'payee_removed', { mayServe: () => ({ code: 'payee_removed' as const }) }],
  ])('with 1013 at %s', async (_, code, deps) => {
    const rig = await openSession({ per: 'message', deps });
    rig.clock.advance(60_000);
    await until(() => rig.client.close !== undefined);
    expect(rig.client.close).toEqual({ code: 1013, reason: expect.stringContaining(code) });
    await rig.over();
  });

  it.each(units)('with 1001 within the check interval when it is no longer sold: per %s', async (per) => {
    const rig = await openSession({ per });
    rig.withdraw();
    rig.clock.advance(60_000);
    await turn();
    expect(rig.session.tunnel.isClosing).toBe(true);
    await until(() => rig.client.close !== undefined && rig.upstream.close !== undefined, 'the close frames');
    expect(rig.client.close).toEqual({ code: 1001, reason: expect.stringContaining('no longer sold') });
    expect(rig.upstream.close).toEqual({ code: 1001, reason: '' });
    expect(await rig.over()).toBe('gateway');
    expect(books(rig)).toMatchObject({ charges: per === 'message' ? 0 : 1, refunds: [] });
  });

  it('with 1001 in place of the next minute when it is no longer sold', async () => {
    const rig = await openSession({ per: 'minute', limits: { websocketCheckIntervalMs: 3_600_000 } });
    rig.withdraw();
    rig.clock.advance(60_000);
    await turn();
    expect(rig.session.tunnel.isClosing).toBe(true);
    await until(() => rig.client.close !== undefined, 'the close frame');
    expect(rig.client.close?.code).toBe(1001);
    await rig.over();
    expect(books(rig).charges).toBe(1);
  });

  it('when nothing has come from either side for the idle time, and a ping is something', async () => {
    const rig = await openSession({ per: 'connection', limits: { websocketCheckIntervalMs: 3_600_000 } });
    rig.clock.advance(200_000);
    rig.upstream.socket.write(rig.upstream.frame({ opcode: 9 }));
    await until(() => rig.client.frames.length === 1);
    rig.clock.advance(299_999);
    rig.clock.advance(1);
    await until(() => rig.client.close !== undefined);
    expect(rig.client.close?.code).toBe(1001);
    await rig.over();
  });

  it('behind the frame under way, never inside it', async () => {
    const rig = await openSession({ per: 'connection' });
    const whole = rig.upstream.frame({ opcode: 2, payload: Buffer.alloc(1_000, 7) });
    rig.upstream.socket.write(whole.subarray(0, 500));
    await until(() => rig.client.received.length === 500);
    rig.session.tunnel.close({ code: 1001, reason: 'the gateway is shutting down' });
    await until(() => rig.upstream.close !== undefined);
    rig.upstream.socket.write(Buffer.concat([whole.subarray(500), rig.upstream.frame({ payload: [1] })]));
    await until(() => rig.client.close !== undefined, 'the close frame');
    expect(rig.client.frames.map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
      [2, 1_000],
      [8, 30],
    ]);
    rig.client.sayClose(1001);
    rig.upstream.sayClose(1001);
    expect(await rig.over()).toBe('gateway');
    expect(books(rig)).toEqual({ charges: 1, refunds: [], outcomes: ['completed'] });
  });

  it.each([
    ['an unmasked frame', 1002, Buffer.from([0x81, 1, 65])],
    ['a length of 2^63', 1002, Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])],
    ['a frame over the limit', 1009, Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 1, 2, 3, 4])],
  ])('on both sides when the client sends %s, and what came before it counts', async (_, code, bytes) => {
    const rig = await openSession({ per: 'message' });
    rig.client.socket.write(Buffer.concat([rig.client.frame({ payload: Buffer.from('good') }), bytes]));
    await until(() => rig.client.close !== undefined && rig.upstream.close !== undefined, 'close frames');
    expect([rig.client.close?.code, rig.upstream.close?.code]).toEqual([code, code]);
    expect(rig.upstream.messages).toEqual(['good']);
    expect(await rig.over()).toBe('client');
    expect(books(rig)).toEqual({ charges: 1, refunds: [], outcomes: ['completed'] });
  });

  it('with one close frame for the client, also when it breaks the protocol behind that of the upstream', async () => {
    const rig = await openSession({ per: 'connection' });
    rig.upstream.sayClose(1000);
    await until(() => rig.client.close !== undefined);
    rig.client.socket.write(Buffer.from([0xf1, 0x80, 1, 2, 3, 4]));
    await until(() => rig.upstream.close !== undefined, 'the close frame at the upstream');
    expect(rig.upstream.close?.code).toBe(1002);
    await rig.over();
    expect(rig.client.frames.map(({ opcode }) => opcode)).toEqual([8]);
    books(rig);
  });

  it('on both sides when the upstream sends a masked frame, at no cost', async () => {
    const rig = await openSession({ per: 'connection' });
    rig.upstream.socket.write(rig.client.frame({ payload: [1] }));
    await until(() => rig.client.close !== undefined && rig.upstream.close !== undefined, 'close frames');
    expect(rig.client.close).toMatchObject({ code: 1002, reason: expect.stringMatching(/^from the upstream: ./) });
    expect(rig.client.messages).toEqual([]);
    expect(await rig.over()).toBe('upstream');
    expect(books(rig)).toMatchObject({ charges: 1, refunds: ['upstream_broke'] });
  });

  it.each([
    ['client', 'client', [] as string[]],
    ['upstream', 'upstream', ['upstream_broke']],
  ] as const)(
    'on both sides when the %s closes with a code that nobody may send, as its own fault',
    async (side, cause, refunds) => {
      const rig = await openSession({ per: 'connection' });
      rig[side].sayClose(1006);
      await until(() => rig.client.close !== undefined && rig.upstream.close !== undefined, 'close frames');
      expect([rig.client.close?.code, rig.upstream.close?.code]).toEqual([1002, 1002]);
      expect(await rig.over()).toBe(cause);
      expect(books(rig)).toMatchObject({ charges: 1, refunds });
    },
  );

  it.each(['client', 'upstream'] as const)(
    'at once when the %s is reset, without waiting for an answer',
    async (side) => {
      const rig = await openSession({ per: 'connection' });
      const other = side === 'client' ? rig.upstream : rig.client;
      rig[side].socket.resetAndDestroy();
      await until(() => other.close !== undefined && other.socket.readableEnded, 'the end of the other side');
      expect(await rig.ended).toBe(side);
    },
  );

  it.each(['client', 'upstream'] as const)('when the %s is reset in the middle of a frame', async (side) => {
    const rig = await openSession({ per: 'connection' });
    const other = side === 'client' ? rig.upstream : rig.client;
    rig[side].socket.write(rig[side].frame({ payload: Buffer.alloc(100) }).subarray(0, 50));
    await until(() => other.received.length === 50);
    rig[side].socket.resetAndDestroy();
    await until(() => other.closed, 'the end of the other side');
    expect(await rig.over()).toBe(side);
    books(rig);
  });

  it('with words that fit into a close frame, whatever the reason', () => {
    for (const code of Object.keys(errorTable) as ErrorCode[]) {
      expect(Buffer.byteLength(closingFor(code).reason), code).toBeLessThanOrEqual(123);
    }
  });
});
