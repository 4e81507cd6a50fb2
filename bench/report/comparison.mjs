import { spread } from '../harness/statistics.mjs';
import { disturbance } from './disturbance.mjs';
import { comparisonPlot } from './plot.mjs';
import { withSpread } from './table.mjs';

const baseName = 'bare';

const goals = [
  { against: 'bare', most: 1.0 },
  { against: 'fastify', most: 0.5 },
  { against: 'caddy', most: 0.5 },
  { against: 'haproxy-jwt', most: 0.4 },
  { against: 'nginx', most: 3 },
];

export function reportComparison(targets) {
  const summaries = summarize(targets);
  const judged = judge(targets, summaries);
  const disturbed = disturbance(targets.flatMap(({ rounds }) => rounds.map(({ full }) => full)));
  const failures = summaries
    .filter(({ failed }) => failed > 0)
    .map(({ title, failed, answered }) => `${title}: ${failed} requests failed, ${answered} were answered`);
  return {
    title: 'Callora beside other proxies',
    about:
      'Latencies are at half of each program’s own full speed; *added* is above the upstream called directly. Ratios (×) are ' +
      'to the bare undici proxy, round by round.',
    tables: [comparisonRows(summaries), ...(judged.length > 0 ? [goalRows(judged)] : [])],
    notes: [...disturbed, ...failures],
    data: { summaries, goals: judged, raw: targets.map(({ name, rounds }) => ({ name, rounds })) },
    plot: (context) => comparisonPlot(summaries, context),
  };
}

/** Of every target the medians with their ends, and the ratios to the base round by round, so that drift cancels. */
function summarize(targets) {
  const base = targets.find(({ name }) => name === baseName);
  return targets.map(({ rounds, ...rest }) => {
    const of = (read) => spread(rounds.map(read));
    const toBase = (read) => base && spread(rounds.map((round, at) => read(round) / read(base.rounds[at])));
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

/** What the full paid path is meant to cost at most beside the others, and what it does cost. */
function judge(targets, summaries) {
  const own = summaries.find(({ name }) => name === 'callora');
  if (!own) return [];
  const ratios = goals.flatMap(({ against, most }) => {
    const ratio = cpuRatioOf(targets, 'callora', against);
    const title = summaries.find(({ name }) => name === against)?.title;
    return ratio ? [{ goal: `CPU per request ≤ ${most} × ${title}`, measured: ratio, met: ratio.median <= most }] : [];
  });
  const { charges } = own.books;
  return [
    ...ratios,
    { goal: 'added p50 < 0.5 ms at half speed', measured: own.addedP50Ms, met: own.addedP50Ms.median < 0.5 },
    { goal: 'added p99 < 2 ms at half speed', measured: own.addedP99Ms, met: own.addedP99Ms.median < 2 },
    {
      goal: 'charge rows = calls answered',
      measured: `${charges} rows, ${own.answered} answers`,
      met: charges === own.answered,
    },
  ];
}

/** The ratio of two targets' CPU per request, round by round. */
function cpuRatioOf(targets, name, otherName) {
  const of = (wanted) => targets.find((target) => target.name === wanted)?.rounds;
  const [own, other] = [of(name), of(otherName)];
  if (!own || !other) return undefined;
  return spread(own.map(({ full }, at) => full.cpuMicros / other[at].full.cpuMicros));
}

function comparisonRows(summaries) {
  const head = ['', 'version', 'CPU µs/request', '× bare', 'requests/s × bare', 'core used'];
  const latencies = ['p50 ms', 'p99 ms', 'p99.9 ms', 'added p50 ms', 'added p99 ms', 'RSS MiB'];
  return [
    [...head, ...latencies],
    ...summaries.map((own) => [
      own.title,
      own.version,
      withSpread(own.cpuMicros, 1),
      withSpread(own.cpuRatio, 2),
      withSpread(own.throughputRatio, 2),
      `${Math.round(own.coreShare.median * 100)} %`,
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
