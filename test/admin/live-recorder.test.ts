import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLiveRecorder, liveSeconds } from '../../src/admin/live-recorder.ts';
import type { Route } from '../../src/catalog/model.ts';
import { fakeClock } from '../../src/clock.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { GatewayMetrics } from '../../src/gateway/deps.ts';
import { type Units, units } from '../../src/money.ts';
import { callRecord } from '../support/call-record.ts';

const route = { template: '/weather/*' } as Route;
const answered = callRecord({ callId: 1 });
const refusedAs = (outcome: ErrorCode) => callRecord({ outcome, status: 400 });

function start() {
  const clock = fakeClock();
  const passed: unknown[] = [];
  const next = new Proxy({} as GatewayMetrics, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        void passed.push([name, ...args]),
  });
  const recorder = createLiveRecorder({ clock });
  return { clock, recorder, metrics: recorder.counting(next), passed };
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

describe('the live recorder', () => {
  it('passes each callback on as it came', () => {
    const { metrics, passed } = start();
    metrics.ended(answered);
    metrics.ended(refusedAs('token_missing'));
    metrics.charged(route, units(5n));
    metrics.refunded(route, units(2n));
    metrics.overhead(0.001);
    expect(passed).toEqual([
      ['ended', answered],
      ['ended', refusedAs('token_missing')],
      ['charged', route, 5n],
      ['refunded', route, 2n],
      ['overhead', 0.001],
    ]);
  });

  it('shows what happened in the second it happened in, once that second is over', () => {
    const { clock, recorder, metrics } = start();
    metrics.ended(answered);
    metrics.charged(route, units(5n));
    expect(sum(recorder.read().calls)).toBe(0);
    clock.advance(1_000);
    metrics.ended(answered);
    metrics.ended(answered);
    metrics.refunded(route, units(7n));
    clock.advance(1_000);
    const { calls, revenue, fromMs } = recorder.read();
    expect(calls.slice(-3)).toEqual([0, 1, 2]);
    expect(revenue.slice(-3)).toEqual([0n, 5n, -7n]);
    expect(fromMs + liveSeconds * 1_000).toBe(clock.nowMs());
  });

  it('counts refusals by their code', () => {
    const { clock, recorder, metrics } = start();
    const codes: ErrorCode[] = ['token_missing', 'balance_too_low', 'token_missing'];
    for (const code of codes) metrics.ended(refusedAs(code));
    clock.advance(1_000);
    const { refused, total } = recorder.read();
    expect(sum(refused)).toBe(3);
    expect(Object.fromEntries(total.refusals)).toEqual({ token_missing: 2, balance_too_low: 1 });
  });

  it('forgets what is older than its window, also after a long silence', () => {
    const { clock, recorder, metrics } = start();
    metrics.ended(answered);
    metrics.ended(refusedAs('token_missing'));
    clock.advance(liveSeconds * 1_000);
    expect(sum(recorder.read().calls)).toBe(1);
    clock.advance(1_000);
    expect(sum(recorder.read().calls)).toBe(0);
    expect(recorder.read().total.refusals.size).toBe(0);
    clock.advance(10 * liveSeconds * 1_000);
    metrics.ended(answered);
    clock.advance(1_000);
    expect(sum(recorder.read().calls)).toBe(1);
  });

  it('begins each second anew in the place of the one a round before', () => {
    const { clock, recorder, metrics } = start();
    metrics.ended(answered);
    metrics.charged(route, units(5n));
    metrics.overhead(0.5);
    clock.advance((liveSeconds + 1) * 1_000);
    metrics.ended(answered);
    clock.advance(1_000);
    const { calls, revenue, total } = recorder.read();
    expect([sum(calls), revenue.at(-1), total.p50Ms]).toEqual([1, 0n, undefined]);
  });

  it('says a quantile that is never below the true one and at most a fifth above it', () => {
    const latency = fc.double({ min: 0.02, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (latenciesMs) => {
        const { clock, recorder, metrics } = start();
        for (const ms of latenciesMs) metrics.overhead(ms / 1000);
        clock.advance(1_000);
        const { total } = recorder.read();
        const sorted = [...latenciesMs].sort((a, b) => a - b);
        for (const [share, said] of [
          [0.5, total.p50Ms],
          [0.99, total.p99Ms],
        ] as const) {
          const truth = sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
          expect(said).toBeGreaterThanOrEqual(truth * (1 - 1e-6));
          expect(said).toBeLessThanOrEqual(truth * 1.2 * (1 + 1e-6));
        }
      }),
    );
  });

  it('loses no call and no unit, however the calls fall', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 700 }),
      amount: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { clock, recorder, metrics } = start();
        for (const { afterMs, amount } of steps) {
          clock.advance(afterMs);
          metrics.ended(answered);
          metrics.charged(route, units(amount));
        }
        clock.advance(1_000);
        const { calls, revenue } = recorder.read();
        expect(sum(calls)).toBe(steps.length);
        const total = revenue.reduce<bigint>((all, amount: Units) => all + amount, 0n);
        expect(total).toBe(steps.reduce((all, { amount }) => all + amount, 0n));
      }),
    );
  });
});
