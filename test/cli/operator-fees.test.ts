import { describe, expect, it } from 'vitest';
import { judgeFees } from '../../src/cli/check-chain.ts';

describe('what the operator has for fees', () => {
  it.each([
    ['fail', undefined, 'does not exist'],
    ['fail', 0n, '0 XLM'],
    ['fail', 1_999_999n, '0.1999999 XLM'],
    ['warn', 2_000_000n, '0.2 XLM'],
    ['warn', 99_999_999n, '9.9999999 XLM'],
    ['ok', 100_000_000n, 'GOPERATOR'],
  ])('is a matter for a person while it is too little: %s at %s', (state, freeStroops, text) => {
    const finding = judgeFees('GOPERATOR', freeStroops);
    expect(finding.state).toBe(state);
    expect(finding.detail).toContain(text);
  });
});
