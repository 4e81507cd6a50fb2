import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from '../../src/catalog/quantity.ts';

it.each([
  ['500ms', 500],
  ['60s', 60_000],
  ['15m', 900_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
  ['0s', 0],
])('reads the duration %s', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

it.each([
  ['512B', 512],
  ['16KiB', 16_384],
  ['10MiB', 10_485_760],
  ['1GiB', 1_073_741_824],
])('reads the size %s', (text, bytes) => {
  expect(parseSizeBytes(text)).toBe(bytes);
});

it.each([
  '',
  '60',
  '60 s',
  's',
  '-1s',
  '1.5h',
  '1h30m',
  '01s',
  '1S',
  '1e3s',
  '60s ',
  '10MB',
  '10mib',
  '1000000000000s',
  '__proto__',
])('reads neither a duration nor a size from %j', (text) => {
  expect(parseDurationMs(text)).toBeUndefined();
  expect(parseSizeBytes(text)).toBeUndefined();
});

it('writes the text that reads back to the same amount', () => {
  fc.assert(
    fc.property(fc.nat({ max: 999_999_999_999 }), (amount) => {
      expect(parseDurationMs(formatDuration(amount))).toBe(amount);
      expect(parseSizeBytes(formatSize(amount))).toBe(amount);
    }),
  );
  expect(formatDuration(90_000)).toBe('90s');
  expect(formatSize(16_384)).toBe('16KiB');
  expect(formatDuration(0)).toBe('0ms');
});
