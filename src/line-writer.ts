import { fstatSync, writeSync } from 'node:fs';
import type { Clock } from './clock.ts';

/**
 * Many lines with few writes, for a log that gets a line a call. Whole lines only, and never more bytes than the target
 * takes at once: so they do not tear among the lines that others write to the same descriptor. A reader that stops
 * reading holds nothing up; lines that cannot be kept any longer are dropped and counted.
 */
export type LineWriter = {
  add(line: string): void;
  /** Writes what waits, as far as the descriptor takes it now. */
  flush(): void;
  close(): void;
  dropped(): number;
};

export type LineWriterDeps = { clock: Clock; to: LineTarget };

export type LineTarget = {
  /** Returns how many characters were taken. */
  write(text: string): number;
  /** The most that is written at once. */
  pieceCharsMax: number;
};

/** PIPE_BUF of Linux: a write of this size is one piece among writers. About a dozen lines. */
const pipePieceMax = 4_096;
/** A file takes any write in one piece: some two hundred lines, so that a line's share of the system call is small. */
const filePieceMax = 65_536;
/** What may wait for a reader that is behind: some thousand lines. */
const waitingCharsMax = 1 << 20;
/** How long a line may wait for others, ms: short for a person who watches, long for a busy gateway. */
const flushMs = 250;

export function createLineWriter({ clock, to }: LineWriterDeps): LineWriter {
  let open = '';
  let waiting: string[] = [];
  let waitingChars = 0;
  let dropped = 0;
  let timer: AbortController | undefined;
  let scheduled = false;

  function seal(): void {
    if (open === '') return;
    waiting.push(open);
    waitingChars += open.length;
    open = '';
  }

  function drain(): void {
    while (waiting.length > 0) {
      const piece = waiting[0] ?? '';
      const written = tryWrite(piece);
      if (written === 'later') return;
      waitingChars -= written;
      if (written < piece.length) waiting[0] = piece.slice(written);
      else waiting.shift();
    }
  }

  /** A full pipe takes nothing now; any other failure, such as a full disk, has lost the piece. */
  function tryWrite(piece: string): number | 'later' {
    try {
      return to.write(piece);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 'later';
      dropped += lines(piece);
      return piece.length;
    }
  }

  function flush(): void {
    timer?.abort();
    timer = undefined;
    seal();
    drain();
    if (waiting.length > 0) flushLater();
  }

  function flushLater(): void {
    const mine = new AbortController();
    timer = mine;
    void clock.sleep(flushMs, mine.signal).then(() => {
      if (!mine.signal.aborted) flush();
    });
  }

  /** Behind the calls of this turn of the event loop, so that none of them waits for the write. */
  function drainSoon(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      drain();
    });
  }

  return {
    add(line) {
      if (open.length + line.length > to.pieceCharsMax) {
        seal();
        drainSoon();
      }
      if (waitingChars > waitingCharsMax) {
        dropped++;
        return;
      }
      open += line;
      if (!timer) flushLater();
    },
    flush,
    close() {
      flush();
      timer?.abort();
      dropped += waiting.reduce((sum, piece) => sum + lines(piece), 0);
      waiting = [];
    },
    dropped: () => dropped,
  };
}

function lines(piece: string): number {
  return piece.split('\n').length - 1;
}

/** Writes to a descriptor at once; lines of this log are ASCII, so characters are bytes. */
export function writeTo(fd: number): LineTarget {
  return {
    write: (text) => writeSync(fd, text, null, 'latin1'),
    pieceCharsMax: fstatSync(fd).isFile() ? filePieceMax : pipePieceMax,
  };
}
