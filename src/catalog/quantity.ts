/** Durations and sizes as an operator writes them: a whole number and its unit, nothing between. */

const durationMs = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

const sizeBytes = new Map([
  ['B', 1],
  ['KiB', 1_024],
  ['MiB', 1_048_576],
  ['GiB', 1_073_741_824],
]);

/** `500ms`, `60s`, `15m`, `24h`, `7d` in ms; undefined for anything else. */
export function parseDurationMs(text: string): number | undefined {
  return parseQuantity(text, durationMs);
}

/** `512B`, `16KiB`, `10MiB`, `1GiB` in bytes; undefined for anything else. */
export function parseSizeBytes(text: string): number | undefined {
  return parseQuantity(text, sizeBytes);
}

/** The largest unit that divides the duration: 90_000 is `90s`. */
export function formatDuration(ms: number): string {
  return formatQuantity(ms, durationMs);
}

/** The largest unit that divides the size: 16_384 is `16KiB`. */
export function formatSize(bytes: number): string {
  return formatQuantity(bytes, sizeBytes);
}

function parseQuantity(text: string, units: Map<string, number>): number | undefined {
  const match = /^(0|[1-9][0-9]{0,11})([A-Za-z]+)$/.exec(text);
  const unit = units.get(match?.[2] ?? '');
  return match && unit ? Number(match[1]) * unit : undefined;
}

function formatQuantity(value: number, units: Map<string, number>): string {
  let text = '';
  for (const [name, size] of units) {
    if (text === '' || value % size === 0) text = value === 0 ? `0${name}` : `${value / size}${name}`;
    if (value === 0) break;
  }
  return text;
}
