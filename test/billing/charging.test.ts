import { describe, expect, it } from 'vitest';
import { type CallOutcome, decideCharge } from '../../src/billing/charging.ts';

describe('the failure policy', () => {
  it.each(['connect_error', 'timeout', 'broken_head', 'client_gone', 'gateway_failed'] as const)(
    'charges nothing for %s before the head',
    (cause) => {
      expect(decideCharge({ at: 'before_head', cause })).toBe('release');
    },
  );

  it.each([
    [200, true, 'charge'],
    [204, true, 'charge'],
    [302, false, 'release'],
    [302, true, 'charge'],
    [404, false, 'release'],
    [404, true, 'charge'],
    [499, true, 'charge'],
    [500, true, 'release'],
    [502, true, 'release'],
    [503, false, 'release'],
    [599, true, 'release'],
  ] as const)('decides status %i with a route that says %s as %s', (status, chargeable, decision) => {
    expect(decideCharge({ at: 'head', status, chargeable })).toBe(decision);
  });

  it.each([
    ['completed', 'charge'],
    ['client_gone', 'charge'],
    ['upstream_broke', 'refund'],
    ['gateway_failed', 'refund'],
  ] as const)('decides a charged call that ended as %s as %s', (outcome, decision) => {
    const call: CallOutcome = { at: 'after_head', outcome, givenMs: 59_999 };
    expect(decideCharge(call)).toBe(decision);
  });

  it.each([
    ['completed', 'charge'],
    ['client_gone', 'charge'],
    ['upstream_broke', 'charge'],
    ['gateway_failed', 'refund'],
  ] as const)('decides one that was given for a minute and ended as %s as %s', (outcome, decision) => {
    expect(decideCharge({ at: 'after_head', outcome, givenMs: 60_000 })).toBe(decision);
  });
});
