import { spread } from '../harness/statistics.mjs';

const tolerated = 0.03;

/** A word on others that used the core of the programs, if they did. */
export function disturbance(measured) {
  const share = spread(measured.map(({ foreignShare }) => foreignShare));
  if (share.median < tolerated) return [];
  const percent = (value) => `${Math.round(value * 100)} %`;
  return [
    `Others used ${percent(share.median)} of the programs’ core, at times ${percent(share.max)}: ratios are rough, and ` +
      'latencies say little.',
  ];
}
