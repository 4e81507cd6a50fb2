import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fakeClock } from '../src/clock.ts';
import { createLineWriter, writeTo } from '../src/line-writer.ts';

function rig(write?: (text: string) => number) {
  const clock = fakeClock();
  const written: string[] = [];
  const writer = createLineWriter({
    clock,
    to: {
      pieceCharsMax: 4_096,
      write(text) {
        const length = write ? write(text) : text.length;
        written.push(text.slice(0, length));
        return length;
      },
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

  it('never writes a broken line or more than its target takes in one piece', () => {
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

  it('writes larger pieces to a file than to anything else', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'callora-lines-'));
    const fd = openSync(path.join(folder, 'log'), 'a');
    onTestFinished(() => {
      closeSync(fd);
      rmSync(folder, { recursive: true });
    });
    const device = openSync('/dev/null', 'w');
    onTestFinished(() => closeSync(device));
    expect(writeTo(device).pieceCharsMax).toBe(4_096);
    const to = writeTo(fd);
    expect(to.pieceCharsMax).toBeGreaterThan(4_096);
    const writer = createLineWriter({ clock: fakeClock(), to });
    for (let at = 0; at < 1_000; at++) writer.add(`{"line":${at}}\n`);
    writer.close();
    expect(readFileSync(path.join(folder, 'log'), 'latin1').split('\n')).toHaveLength(1_001);
  });
});
