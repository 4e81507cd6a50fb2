/** Rows of cells as aligned text for a terminal. */
export function plainTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) => row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  '))
    .join('\n');
}

/** The same as Markdown. */
export function markdownTable(rows) {
  const [head, ...body] = rows;
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, at) => (at === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...body.map(line)].join('\n');
}

/** `median (least–most)` */
export function withSpread(spread, digits) {
  if (!spread) return '–';
  const text = (value) => value.toFixed(digits);
  return `${text(spread.median)} (${text(spread.min)}–${text(spread.max)})`;
}
