import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Idempotency, KeyLimits, KeyOutcome } from '../../src/store/idempotency.ts';
import { openTestStore } from './rig.ts';

const limits: KeyLimits = {
  expiredMs: 0,
  keysPerAccountMax: 3,
  keysMax: 4,
  bytesPerAccountMax: 10,
  bytesMax: 12,
};

const fingerprint = (text: string) => createHash('sha256').update(text).digest();

function openKeys() {
  const { store } = openTestStore();
  const accounts = ['GA', 'GB', 'GC'].map((address) => store.accounts.ensure(address));
  const begin = (
    keys: Idempotency,
    { account = 0, key = 'k', request = 'r', atMs = 1_000, insert = true, bounds = {} as Partial<KeyLimits> } = {},
  ): KeyOutcome & { id: number } => {
    const callId = store.nextCallId();
    const row = { callId, accountId: accounts[account] ?? 0, key, fingerprint: fingerprint(request), atMs };
    return { id: callId, ...keys.begin(row, insert, { ...limits, ...bounds }) };
  };
  return { store, keys: store.idempotency, begin };
}

const answer = (body = 'hello') => ({ status: 200, fields: ['content-type', 'text/plain'], body: Buffer.from(body) });

describe('an idempotency key', () => {
  it('begins once, and is open until its call has ended', () => {
    const { keys, begin } = openKeys();
    const first = begin(keys);
    expect(first.kind).toBe('begun');
    expect(begin(keys)).toMatchObject({ kind: 'open', callId: first.id });
    keys.keep(first.id, answer());
    expect(begin(keys)).toMatchObject({ kind: 'answered', callId: first.id, answer: answer() });
  });

  it('belongs to its account', () => {
    const { keys, begin } = openKeys();
    begin(keys, { account: 0 });
    expect(begin(keys, { account: 1 }).kind).toBe('begun');
  });

  it('is not replayed for another request, whatever its state', () => {
    const { keys, begin } = openKeys();
    const { id } = begin(keys);
    expect(begin(keys, { request: 'other' })).toMatchObject({ kind: 'mismatch', callId: id });
    keys.keep(id, answer());
    expect(begin(keys, { request: 'other' }).kind).toBe('mismatch');
  });

  it('is free again once its call failed, and not once it is answered', () => {
    const { keys, begin } = openKeys();
    const first = begin(keys);
    keys.release(first.id);
    const second = begin(keys);
    expect(second.kind).toBe('begun');
    keys.keep(second.id, answer());
    keys.release(second.id);
    expect(begin(keys).kind).toBe('answered');
  });

  it('that is spent is neither replayed nor begun again', () => {
    const { keys, begin } = openKeys();
    const { id } = begin(keys);
    keys.spend(id);
    keys.keep(id, answer());
    expect(begin(keys)).toMatchObject({ kind: 'spent', callId: id });
  });

  it('is looked up without being written where nothing may begin', () => {
    const { keys, begin } = openKeys();
    expect([begin(keys, { insert: false }).kind, begin(keys).kind]).toEqual(['unknown', 'begun']);
    expect(begin(keys, { insert: false }).kind).toBe('open');
  });

  it('lives its time and then begins anew', () => {
    const { keys, begin } = openKeys();
    const first = begin(keys, { atMs: 1_000 });
    keys.keep(first.id, answer());
    expect(begin(keys, { atMs: 2_000, bounds: { expiredMs: 999 } }).kind).toBe('answered');
    expect(begin(keys, { atMs: 2_000, bounds: { expiredMs: 1_000 } }).kind).toBe('begun');
    // The first call's end, were it still to come, has nothing to do with the second one's key.
    keys.release(first.id);
    expect(begin(keys).kind).toBe('open');
  });

  it('is refused past what one account and all of them may have, and nothing promised is given up for it', () => {
    const { keys, begin } = openKeys();
    const kinds = ['a', 'b', 'c', 'd'].map((key) => begin(keys, { key }));
    expect(kinds.map(({ kind }) => kind)).toEqual(['begun', 'begun', 'begun', 'full']);
    expect(kinds[3]).toMatchObject({ of: 'account' });
    expect(begin(keys, { account: 1 }).kind).toBe('begun');
    expect(begin(keys, { account: 2 })).toMatchObject({ kind: 'full', of: 'gateway' });
    expect(begin(keys, { key: 'a' }).kind).toBe('open');
  });

  it('is refused past the bytes of answers that are kept', () => {
    const { keys, begin } = openKeys();
    const first = begin(keys, { key: 'a' });
    keys.keep(first.id, answer('0123456789'));
    expect(begin(keys, { key: 'b' })).toMatchObject({ kind: 'full', of: 'account' });
    const second = begin(keys, { account: 1 });
    keys.keep(second.id, answer('0123'));
    expect(begin(keys, { account: 2 })).toMatchObject({ kind: 'full', of: 'gateway' });
  });

  it('has room while less is kept, of its account and in all, itself included', () => {
    const { store, keys, begin } = openKeys();
    const [first = 0, second = 0] = ['GA', 'GB'].map((address) => store.accounts.ensure(address));
    const room = { keysPerAccountMax: 2, keysMax: 3, bytesPerAccountMax: 5, bytesMax: 8 };
    keys.keep(begin(keys, { key: 'a' }).id, answer('1234'));
    expect(keys.hasRoom(first, room)).toBe(true);
    expect(keys.hasRoom(first, { ...room, keysPerAccountMax: 1 })).toBe(false);
    expect(keys.hasRoom(first, { ...room, bytesPerAccountMax: 4 })).toBe(false);
    keys.keep(begin(keys, { account: 1 }).id, answer('123'));
    expect(keys.hasRoom(second, room)).toBe(true);
    expect(keys.hasRoom(second, { ...room, keysMax: 2 })).toBe(false);
    expect(keys.hasRoom(second, { ...room, bytesMax: 7 })).toBe(false);
  });

  it('is swept a bounded number at a time, oldest first, with its answer and its part of the sums', () => {
    const { store, keys, begin } = openKeys();
    for (const [at, key] of ['a', 'b', 'c'].entries()) keys.keep(begin(keys, { key, atMs: at * 10 }).id, answer('xyz'));
    expect(keys.sums()).toEqual({ keys: 3, bytes: 9 });
    const sweep = (keysMax: number, bytesMax = 1_000) => keys.sweep(10, { keysMax, bytesMax });
    expect([sweep(1), sweep(5), sweep(5)]).toEqual([true, false, false]);
    expect([keys.sums(), keys.sums(1)]).toEqual([
      { keys: 1, bytes: 3 },
      { keys: 1, bytes: 3 },
    ]);
    expect(store.db.prepare('SELECT COUNT(*) FROM idempotency_answers').pluck().get()).toBe(1);
    expect(begin(keys, { key: 'c' }).kind).toBe('answered');
  });

  it('is swept no further than the bytes that one transaction may free', () => {
    const { keys, begin } = openKeys();
    for (const key of ['a', 'b', 'c']) keys.keep(begin(keys, { key }).id, answer('xyz'));
    expect(keys.sweep(1_000, { keysMax: 10, bytesMax: 4 })).toBe(true);
    expect(keys.sums()).toEqual({ keys: 1, bytes: 3 });
  });
});
