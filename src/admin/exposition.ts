/**
 * Prometheus' text for what the path of a call counts. A client library looks up a series by its labels on each count;
 * here the counters are plain numbers, and text is made when somebody scrapes.
 */

export type Labels = Record<string, string>;

export type Series<Value> = { labels: Labels; value: Value };

/** Counts of observations up to each bound, and one for those beyond the last. */
export type Buckets = { readonly bounds: readonly number[]; readonly counts: Float64Array; sum: number };

export function newBuckets(bounds: readonly number[]): Buckets {
  return { bounds, counts: new Float64Array(bounds.length + 1), sum: 0 };
}

export function observe(buckets: Buckets, value: number): void {
  const { bounds, counts } = buckets;
  let at = 0;
  while (at < bounds.length && value > (bounds[at] ?? 0)) at++;
  counts[at] = (counts[at] ?? 0) + 1;
  buckets.sum += value;
}

export function sumOf(a: Buckets, b: Buckets): Buckets {
  return { bounds: a.bounds, counts: a.counts.map((count, at) => count + (b.counts[at] ?? 0)), sum: a.sum + b.sum };
}

/** Series with the same labels become one: a page that says a series twice is no page. */
export function merged<Value>(series: Series<Value>[], join: (a: Value, b: Value) => Value): Series<Value>[] {
  const byLabels = new Map<string, Series<Value>>();
  for (const one of series) {
    const key = JSON.stringify(one.labels);
    const known = byLabels.get(key);
    byLabels.set(key, known ? { labels: known.labels, value: join(known.value, one.value) } : one);
  }
  return [...byLabels.values()];
}

export function countOf({ counts }: Buckets): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

export function counterText(name: string, help: string, series: Series<number>[]): string {
  return [...heading(name, help, 'counter'), ...series.map(({ labels, value }) => line(name, labels, value))].join(
    '\n',
  );
}

export function histogramText(name: string, help: string, series: Series<Buckets>[]): string {
  const lines = heading(name, help, 'histogram');
  for (const { labels, value } of series) {
    let upTo = 0;
    for (const [at, bound] of [...value.bounds.map(String), '+Inf'].entries()) {
      upTo += value.counts[at] ?? 0;
      lines.push(line(`${name}_bucket`, { le: bound, ...labels }, upTo));
    }
    lines.push(line(`${name}_sum`, labels, value.sum), line(`${name}_count`, labels, upTo));
  }
  return lines.join('\n');
}

function heading(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
