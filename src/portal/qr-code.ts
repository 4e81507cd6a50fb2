import { encode } from 'uqr';

/** Modules of white around the code: readers want four. */
const border = 4;

/** A QR code as an SVG document that needs nothing from outside; a run of dark modules is one piece, so it stays small. */
export function qrCode(text: string): string {
  const { data, size } = encode(text, { ecc: 'M', border });
  const pieces = data.flatMap((row, y) => darkRuns(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">`,
    `<path fill="#fff" d="M0 0h${size}v${size}H0z"/>`,
    `<path d="${pieces.join('')}"/></svg>`,
  ].join('');
}

function darkRuns(row: boolean[]): [start: number, length: number][] {
  const runs: [number, number][] = [];
  for (const [x, dark] of row.entries()) {
    const last = runs.at(-1);
    if (!dark) continue;
    if (last && last[0] + last[1] === x) last[1]++;
    else runs.push([x, 1]);
  }
  return runs;
}
