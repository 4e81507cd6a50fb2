import { describe, expect, it } from 'vitest';
import { fakeClock } from '../src/clock.ts';
import { createLineWriter } from '../src/line-writer.ts';

function rig(write?: (text: string) => number) {
  const clock = fakeClock();
  const written: string[] = [];
  const writer = createLineWriter({
    clock,
    write(text) {
      const length = write ? write(text) : text.length;
      written.push(text.slice(0, length));
      return length;
    },
  });
  return { clock, written, writer };
}

const full = () => {
  throw Object.assign(new Error('EAGAIN'), { code: 'EAGAIN' });
};

describe('a line writer', () => {
  it('joins lines into one write, and writes a line that stays alone within a moment', async () => {
    const { clock, written, writer } = rig();
    writer.add('a\n');
    writer.add('b\n');
    expect(written).toEqual([]);
    clock.advance(250);
    await Promise.resolve();
    expect(written).toEqual(['a\nb\n']);
  });

  it('never writes a broken line or more than a pipe takes in one piece', () => {
    const { written, writer } = rig();
    const line = `${'x'.repeat(299)}\n`;
    for (let at = 0; at < 100; at++) writer.add(line);
    writer.close();
    expect(written.join('')).toBe(line.repeat(100));
    for (const piece of written) {
      expect(piece.length).toBeLessThanOrEqual(4_096);
      expect(piece.length % 300).toBe(0);
    }
  });

  it('waits for a reader that is behind, then writes everything in order', () => {
    let behind = true;
    const { written, writer } = rig((text) => (behind ? full() : text.length));
    writer.add('a\n');
    writer.flush();
    writer.add('b\n');
    expect(written).toEqual([]);
    behind = false;
    writer.flush();
    expect(written.join('')).toBe('a\nb\n');
    expect(writer.dropped()).toBe(0);
  });

  it('keeps a bounded number of lines for a reader that never comes back, and counts the others', () => {
    const { writer } = rig(full);
    const line = `${'x'.repeat(999)}\n`;
    for (let at = 0; at < 5_000; at++) writer.add(line);
    expect(writer.dropped()).toBeGreaterThan(3_900);
    expect(writer.dropped()).toBeLessThan(4_000);
  });

  it('counts what a full disk swallows and goes on', () => {
    const { writer } = rig(() => {
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    });
    writer.add('a\n');
    writer.add('b\n');
    writer.close();
    expect(writer.dropped()).toBe(2);
  });

  it('finishes a line of which a file took only the beginning', () => {
    let first = true;
    const { written, writer } = rig((text) => {
      if (!first) return text.length;
      first = false;
      return 3;
    });
    writer.add('abcdef\n');
    writer.close();
    expect(written).toEqual(['abc', 'def\n']);
  });
});
