// Counts of latencies in buckets of at most 0.8 % width, from a microsecond to about an hour; adding allocates nothing.
const perOctave = 128;
const octaves = 32;

export function createHistogram() {
  const counts = new Float64Array(perOctave * octaves);
  let total = 0;

  function add(ms) {
    const micros = ms * 1_000;
    const at = micros < 1 ? 0 : Math.floor(Math.log2(micros) * perOctave);
    counts[Math.min(at, counts.length - 1)]++;
    total++;
  }

  /** The latency in ms that `share` of all stay under. */
  function quantile(share) {
    const wanted = share * total;
    let seen = 0;
    for (let at = 0; at < counts.length; at++) {
      seen += counts[at];
      if (seen >= wanted && seen > 0) return 2 ** ((at + 0.5) / perOctave) / 1_000;
    }
    return 0;
  }

  return { add, quantile, total: () => total };
}
