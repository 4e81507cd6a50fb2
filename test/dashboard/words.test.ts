import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { duration, minutes, shellWord } from '../../src/dashboard/consumer/words.ts';

it.each(['Test SDF Network ; September 2015', "it's", "a'; echo b '", '$(date) `date` "x" \\'])(
  'a word for the shell is taken as it is: %s',
  (text) => {
    expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text);
  },
);

it('a delay is named in the largest unit that gives it whole', () => {
  expect([86_400, 172_800, 7_200, 90, 60, 1].map(duration)).toEqual([
    '1 day',
    '2 days',
    '2 hours',
    '90 seconds',
    '1 minute',
    '1 second',
  ]);
});

it('the rest of a session counts down to nothing and not below', () => {
  expect([600_000, 59_001, 1, 0, -5].map(minutes)).toEqual(['10:00', '1:00', '0:01', '0:00', '0:00']);
});
