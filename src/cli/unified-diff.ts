const contextLines = 3;

/** One hunk from the first line that differs to the last, as `diff -u` writes it; '' when nothing does. */
export function unifiedDiff(file: string, before: string, after: string): string {
  if (before === after) return '';
  const [old, next] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < old.length && head < next.length && old[head] === next[head]) head++;
  let tail = 0;
  while (tail < Math.min(old.length, next.length) - head && old.at(-1 - tail) === next.at(-1 - tail)) tail++;
  const from = Math.max(0, head - contextLines);
  const after3 = Math.min(tail, contextLines);
  const context = (lines: string[]) => lines.map((line) => ` ${line}`);
  const oldEnd = old.length - tail;
  const nextEnd = next.length - tail;
  return [
    `--- ${file}`,
    `+++ ${file}`,
    `@@ -${range(from, oldEnd + after3)} +${range(from, nextEnd + after3)} @@`,
    ...context(old.slice(from, head)),
    ...old.slice(head, oldEnd).map((line) => `-${line}`),
    ...next.slice(head, nextEnd).map((line) => `+${line}`),
    ...context(old.slice(oldEnd, oldEnd + after3)),
  ].join('\n');
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  // A file without a newline at its end differs there, and that is to be seen.
  if (lines.at(-1) === '') lines.pop();
  else lines.push('\\ No newline at end of file');
  return lines;
}

function range(from: number, end: number): string {
  return end === from ? `${from},0` : `${from + 1},${end - from}`;
}
