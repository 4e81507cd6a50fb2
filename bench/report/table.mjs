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

/** `median (min–max)` */
export function withSpread(spread, digits) {
  if (!spread) return '–';
  const text = (value) => value.toFixed(digits);
  return `${text(spread.median)} (${text(spread.min)}–${text(spread.max)})`;
}

/** A row for each target, as text. */
export function comparisonRows(summaries, baseTitle) {
  const head = [
    '',
    'version',
    'CPU µs/request',
    `× ${baseTitle}`,
    'requests/s ×',
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'added p50 ms',
    'added p99 ms',
    'RSS MiB',
  ];
  return [
    head,
    ...summaries.map((own) => [
      own.title,
      own.version,
      withSpread(own.cpuMicros, 1),
      withSpread(own.cpuRatio, 2),
      withSpread(own.throughputRatio, 2),
      own.p50Ms.median.toFixed(2),
      own.p99Ms.median.toFixed(2),
      own.p999Ms.median.toFixed(2),
      withSpread(own.addedP50Ms, 2),
      withSpread(own.addedP99Ms, 2),
      own.rssMiB.median.toFixed(0),
    ]),
  ];
}

export function goalRows(judged) {
  return [
    ['goal', 'measured', 'met'],
    ...judged.map(({ goal, measured, met }) => [
      goal,
      typeof measured === 'string' ? measured : withSpread(measured, 2),
      met ? 'yes' : 'no',
    ]),
  ];
}
