import { goalRows } from './comparison.mjs';
import { disturbance } from './disturbance.mjs';
import { withSpread } from './table.mjs';

export function reportTokens({ newTokens, floods, books, answered, measured }) {
  const [, ...bad] = floods;
  const worst = bad.reduce((most, flood) => (flood.p99Ratio.median > most.p99Ratio.median ? flood : most));
  const judged = [
    { goal: 'a token never seen costs < 200 µs more', measured: newTokens.more, met: newTokens.more.median < 200 },
    { goal: 'paid p99 with a flood ≤ 2 × without', measured: worst.p99Ratio, met: worst.p99Ratio.median <= 2 },
    {
      goal: 'charge rows = calls answered',
      measured: `${books.charges} rows, ${answered} answers`,
      met: books.charges === answered,
    },
  ];
  return {
    title: 'New and bad tokens',
    about:
      'CPU of the whole process for each call: with a token that was never seen, and with the same one seen again. Floods of bad ' +
      'tokens come at a constant rate from another address, without a rate limit that would stop them, beside paying calls at a ' +
      'quarter of full speed.',
    tables: [
      [
        ['', 'CPU µs/call'],
        ['a token never seen', withSpread(newTokens.first, 0)],
        ['the same, seen again', withSpread(newTokens.known, 0)],
      ],
      [
        ['flood', 'bad/s', 'paid/s', 'paid p50 ms', 'paid p99 ms', 'p99 × alone'],
        ...floods.map(({ name, badPerSecond, paidPerSecond, p50Ms, p99Ms, p99Ratio }) => [
          name === 'alone' ? 'none' : name,
          badPerSecond.median.toFixed(0),
          String(paidPerSecond),
          withSpread(p50Ms, 2),
          withSpread(p99Ms, 2),
          withSpread(p99Ratio, 2),
        ]),
      ],
      goalRows(judged),
    ],
    notes: disturbance(measured),
    data: { newTokens, floods, books, answered, goals: judged },
  };
}
