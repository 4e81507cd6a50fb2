import { spread } from '../harness/statistics.mjs';

/** Of every target the medians with their ends, and the ratios to `base` round by round, so that drift cancels. */
export function summarize(targets, baseName) {
  const base = targets.find(({ name }) => name === baseName);
  return targets.map((target) => {
    const { rounds, ...rest } = target;
    const of = (read) => spread(rounds.map(read));
    const toBase = (read) =>
      base && spread(rounds.map((round, at) => read(round) / read(base.rounds[at] ?? base.rounds.at(-1))));
    return {
      ...rest,
      cpuMicros: of(({ full }) => full.cpuMicros),
      cpuRatio: toBase(({ full }) => full.cpuMicros),
      requestsPerSecond: of(({ full }) => full.requestsPerSecond),
      throughputRatio: toBase(({ full }) => full.requestsPerSecond),
      coreShare: of(({ full }) => full.coreShare),
      loadShare: of(({ full }) => full.loadShare),
      rssMiB: of(({ full }) => full.rssBytes / 2 ** 20),
      p50Ms: of(({ half }) => half.p50Ms),
      p99Ms: of(({ half }) => half.p99Ms),
      p999Ms: of(({ half }) => half.p999Ms),
      addedP50Ms: of(({ half }) => half.addedP50Ms),
      addedP99Ms: of(({ half }) => half.addedP99Ms),
      rateKept: of(({ half }) => half.rateKept),
      generatorShare: of(({ half }) => half.generatorShare),
    };
  });
}

/** The ratio of two targets' CPU per request, round by round. */
export function cpuRatioOf(targets, name, otherName) {
  const of = (wanted) => targets.find((target) => target.name === wanted)?.rounds;
  const [own, other] = [of(name), of(otherName)];
  if (!own || !other) return undefined;
  return spread(own.map(({ full }, at) => full.cpuMicros / other[at].full.cpuMicros));
}

const goals = [
  { against: 'bare', most: 1.0 },
  { against: 'fastify', most: 0.5 },
  { against: 'caddy', most: 0.5 },
  { against: 'haproxy-jwt', most: 0.4 },
  { against: 'nginx', most: 3 },
];

/** What the full paid path is meant to cost at most beside the others, and what it does cost. */
export function judge(targets, summaries) {
  const own = summaries.find(({ name }) => name === 'callora');
  if (!own) return [];
  const ratios = goals.flatMap(({ against, most }) => {
    const ratio = cpuRatioOf(targets, 'callora', against);
    const title = summaries.find(({ name }) => name === against)?.title;
    return ratio ? [{ goal: `CPU per request ≤ ${most} × ${title}`, measured: ratio, met: ratio.median <= most }] : [];
  });
  return [
    ...ratios,
    { goal: 'added p50 < 0.5 ms at half load', measured: own.addedP50Ms, met: own.addedP50Ms.median < 0.5 },
    { goal: 'added p99 < 2 ms at half load', measured: own.addedP99Ms, met: own.addedP99Ms.median < 2 },
    ...(own.books
      ? [
          {
            goal: 'charge rows = calls answered',
            measured: `${own.books.charges} rows, ${own.answered} answers`,
            met: own.books.charges === own.answered,
          },
        ]
      : []),
  ];
}
