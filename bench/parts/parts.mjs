// What each step of a paid call costs besides the wire, in µs per call: run `npm exec -- node bench/parts/parts.mjs`.
//   [--only NAME]      parts whose name contains it
//   [--against DIR]    a second checkout (with node_modules): its parts take turns with ours in the same run
//   [--rows N]         one part more: the journal behind so many calls of the past, sealed and finished
//   [--rounds 60] [--json]
// The least of many short rounds counts: whatever else runs on the machine only ever adds.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeParts } from './call-parts.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    against: { type: 'string' },
    rows: { type: 'string', default: '0' },
    rounds: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const here = path.resolve(import.meta.dirname, '../..');

const wanted = { only: values.only, pastRows: Number(values.rows) };
const sides = [await makeParts(here, wanted)];
if (values.against !== undefined) sides.push(await makeParts(path.resolve(values.against), wanted));
const [ours] = sides;

const measured = [];
for (const { name } of ours.parts) {
  const both = sides.map((side) => side.parts.find((part) => part.name === name));
  const least = both.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    for (const [side, part] of both.entries()) {
      if (part) least[side] = Math.min(least[side], await microsPerCall(part));
    }
  }
  const [now, before] = least;
  measured.push({
    name,
    micros: rounded(now),
    ...(before === undefined || before === Number.POSITIVE_INFINITY
      ? {}
      : { against: rounded(before), ratio: rounded(now / before) }),
  });
  if (!values.json) console.log(line(measured.at(-1)));
}
if (values.json) console.log(JSON.stringify(measured, null, 2));
for (const side of sides) await side.close();

async function microsPerCall({ calls, run }) {
  const startMs = performance.now();
  // A part that has to prepare each round says itself how long its work took.
  const ownMs = await run(calls);
  return ((ownMs ?? performance.now() - startMs) * 1000) / calls;
}

function line({ name, micros, against, ratio }) {
  const compared = against === undefined ? '' : `   before ${String(against).padStart(7)}   ratio ${ratio}`;
  return `${name.padEnd(58)} ${String(micros).padStart(7)} µs${compared}`;
}

function rounded(value) {
  return Number(value.toFixed(3));
}
