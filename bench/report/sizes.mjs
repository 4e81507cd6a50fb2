import { goalRows } from './comparison.mjs';
import { disturbance } from './disturbance.mjs';
import { withSpread } from './table.mjs';

export function reportSizes({ rows, bytesPerAccount }) {
  const [small, ...large] = rows;
  const goals = large.map(({ title, ratio }) => ({
    goal: `${title}: at most 10 % more CPU per call`,
    measured: ratio,
    met: ratio.median <= 1.1,
  }));
  const judged = [
    ...goals,
    { goal: 'memory per account < 500 bytes', measured: `${bytesPerAccount} bytes`, met: bytesPerAccount < 500 },
  ];
  return {
    title: 'Cost of a call as the gateway grows',
    about:
      `CPU per call of \`callora serve\` at full speed, and its ratio to the first row (${small.title}). All routes of a row are ` +
      'called in turn. Of the accounts at most 10,000 call, as many as tokens are remembered. Past calls are finished and ' +
      'settled; *levels* are those of the tree that charge rows are appended to: ten times as many rows add at most one, and a ' +
      'call touches its right edge only.',
    tables: [
      [
        ['', 'CPU µs/call', '× first', 'levels', 'RSS MiB', 'calls', 'charge rows'],
        ...rows.map(({ title, cpuMicros, ratio, depth, rssMiB, answered, books }) => [
          title,
          withSpread(cpuMicros, 1),
          withSpread(ratio, 2),
          String(depth),
          rssMiB.toFixed(0),
          String(answered),
          String(books.charges),
        ]),
      ],
      goalRows(judged),
    ],
    notes: [
      ...disturbance(rows.flatMap(({ rounds }) => rounds)),
      ...rows.filter(({ failed }) => failed > 0).map(({ title, failed }) => `${title}: ${failed} calls failed`),
    ],
    data: { rows, bytesPerAccount, goals: judged },
  };
}
