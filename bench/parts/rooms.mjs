// Which room of src/ a CPU profile of the gateway was spent in: `node bench/parts/rooms.mjs FILE.cpuprofile [SECONDS]`, of
// its last so many seconds. The profile: `node --cpu-prof --cpu-prof-dir DIR bin/callora.js serve --config FILE` under load,
// ended with SIGTERM; of several files the one with `.0.` in its name is the event loop's.
import { readFileSync } from 'node:fs';

const [file, seconds = 'Infinity'] = process.argv.slice(2);
const profile = JSON.parse(readFileSync(file, 'utf8'));
const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
const fromMicros = profile.endTime - Number(seconds) * 1e6;

const rooms = new Map();
let total = 0;
let atMicros = profile.startTime;
for (const [index, id] of profile.samples.entries()) {
  const micros = profile.timeDeltas[index];
  atMicros += micros;
  const { functionName } = nodes.get(id).callFrame;
  if (atMicros < fromMicros || functionName === '(idle)') continue;
  total += micros;
  const { room, own } = placeOf(id);
  const sum = rooms.get(room) ?? { own: 0, below: 0 };
  sum[own ? 'own' : 'below'] += micros;
  rooms.set(room, sum);
}

/** The room whose code runs, or the one that has called what runs: SQLite, a system call, Node's own code. */
function placeOf(leaf) {
  const special = /^\((?:program|garbage collector)\)$/.exec(nodes.get(leaf).callFrame.functionName);
  if (special) return { room: special[0], own: true };
  for (let id = leaf; id !== undefined; id = parents.get(id)) {
    const [, room] = /\/src\/(?:([\w-]+)\/)?[\w-]+\.ts$/.exec(nodes.get(id).callFrame.url) ?? [];
    if (/\/src\/[\w/-]+\.ts$/.test(nodes.get(id).callFrame.url)) return { room: room ?? 'kernel', own: id === leaf };
  }
  return { room: 'Node without a caller', own: true };
}

const share = (micros) => `${((micros / total) * 100).toFixed(1).padStart(6)} %`;
console.log(`${'room'.padEnd(24)}     own    called by it`);
for (const [room, { own, below }] of [...rooms].sort(([, a], [, b]) => b.own + b.below - a.own - a.below)) {
  console.log(`${room.padEnd(24)} ${share(own)} ${share(below)}`);
}
