/** The lines of a state file, one after another: a file of any size is never in memory as a whole. */
import { closeSync, existsSync, ftruncateSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 0x0a;

/**
 * The complete lines. With `cut`, a last one that has no end is taken off the file when all others were taken: it was being
 * written when the process died.
 */
export function* completeLines(file: string, { cut }: { cut: boolean }): Generator<string> {
  if (!existsSync(file)) return;
  const opened = openSync(file, cut ? 'r+' : 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const begun: Buffer[] = [];
    let read = 0;
    let complete = 0;
    for (;;) {
      const length = readSync(opened, chunk, 0, CHUNK_BYTES, read);
      if (length === 0) break;
      let start = 0;
      for (;;) {
        const end = chunk.subarray(0, length).indexOf(NEWLINE, start);
        if (end < 0) break;
        const line = Buffer.concat([...begun.splice(0), chunk.subarray(start, end)]).toString('utf8');
        start = end + 1;
        complete = read + start;
        yield line;
      }
      if (start < length) begun.push(Buffer.from(chunk.subarray(start, length)));
      read += length;
    }
    if (cut && complete < read) ftruncateSync(opened, complete);
  } finally {
    closeSync(opened);
  }
}
