import { expect, it } from 'vitest';
import { counted } from '../src/counted.ts';

it('one thing is named as one, none and several as many', () => {
  expect([0, 1, 2, 0.5].map((count) => counted(count, 'call'))).toEqual(['0 calls', '1 call', '2 calls', '0.5 calls']);
  expect(counted(3, 'batch', 'batches')).toBe('3 batches');
});
