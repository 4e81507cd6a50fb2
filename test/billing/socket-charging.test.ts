import { describe, expect, it } from 'vitest';
import { endOfPurchase, type SocketCause } from '../../src/billing/socket-charging.ts';

const causes: SocketCause[] = ['closed', 'client', 'upstream', 'gateway'];

describe('the rule about the money of a WebSocket', () => {
  it.each(causes)('gives back whatever did not open: %s', (cause) => {
    expect(endOfPurchase({ kind: 'time', givenMs: undefined }, cause).decision).toBe('refund');
  });

  it.each([
    ['closed', 'completed', 'charge'],
    ['client', 'client_gone', 'charge'],
    ['upstream', 'upstream_broke', 'refund'],
    ['gateway', 'completed', 'charge'],
  ] as const)('decides a connection or minute that was ended by %s as %s: %s', (cause, outcome, decision) => {
    expect(endOfPurchase({ kind: 'time', givenMs: 59_999 }, cause)).toEqual({ outcome, decision });
    expect(endOfPurchase({ kind: 'time', givenMs: 60_000 }, cause)).toEqual({ outcome, decision: 'charge' });
  });

  it.each(causes)('keeps a message that the upstream had whole: %s', (cause) => {
    const end = endOfPurchase({ kind: 'message', handed: 'all' }, cause);
    expect(end).toEqual({ outcome: 'completed', decision: 'charge' });
  });

  it.each(causes)('gives back a message of which the upstream had nothing: %s', (cause) => {
    expect(endOfPurchase({ kind: 'message', handed: 'nothing' }, cause).decision).toBe('refund');
  });

  it.each([
    ['closed', 'client_gone', 'charge'],
    ['client', 'client_gone', 'charge'],
    ['upstream', 'upstream_broke', 'refund'],
    ['gateway', 'gateway_failed', 'refund'],
  ] as const)('decides a message that was cut by %s as %s: %s', (cause, outcome, decision) => {
    expect(endOfPurchase({ kind: 'message', handed: 'a part' }, cause)).toEqual({ outcome, decision });
  });
});
