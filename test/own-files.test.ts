import { describe, expect, it } from 'vitest';
import { findOwnFile, inBinary, readOwnFile } from '../src/own-files.ts';

describe('the program’s own files', () => {
  it('are read by their path in the checkout', () => {
    expect(inBinary).toBe(false);
    expect(readOwnFile('contracts/dist/host.wasm').subarray(0, 4).toString('latin1')).toBe('\0asm');
    expect(JSON.parse(readOwnFile('drizzle/meta/_journal.json').toString())).toHaveProperty('entries');
  });

  it('name what is missing', () => {
    expect(findOwnFile('drizzle')).toBeUndefined();
    expect(() => readOwnFile('drizzle/9999_never.sql')).toThrow(/9999_never.sql is missing from this installation/);
  });
});
