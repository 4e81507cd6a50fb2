import { describe, expect, it } from 'vitest';
import { createConcurrency } from '../../src/limits/concurrency.ts';

describe('concurrency', () => {
  it('gives out as many places as there are, and a place that is left again', () => {
    const calls = createConcurrency<string>();
    expect([calls.enter('a', 2), calls.enter('a', 2), calls.enter('a', 2)]).toEqual([true, true, false]);
    calls.leave('a');
    expect([calls.enter('a', 2), calls.running('a')]).toEqual([true, 2]);
  });

  it('keeps keys apart', () => {
    const calls = createConcurrency<string>();
    expect([calls.enter('a', 1), calls.enter('b', 1), calls.enter('a', 1)]).toEqual([true, true, false]);
  });

  it('refuses everyone at a maximum of 0', () => {
    expect(createConcurrency<string>().enter('a', 0)).toBe(false);
  });

  it('never counts below nothing', () => {
    const calls = createConcurrency<string>();
    calls.leave('a');
    expect([calls.running('a'), calls.enter('a', 1), calls.enter('a', 1)]).toEqual([0, true, false]);
  });
});
