// What a program with all its threads and children has used, from /proc.
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of the kernel's user interface; 100 on every Linux. */
const ticksPerSecond = 100;

/** CPU time in µs since the start and resident bytes of a process and all that descends from it. */
export function usageOf(pid) {
  const processes = readProcesses();
  const usage = { cpuMicros: 0, rssBytes: 0 };
  const open = [pid];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const own = processes.get(at);
    if (!own) continue;
    usage.cpuMicros += (own.ticks * 1_000_000) / ticksPerSecond;
    usage.rssBytes += own.rssBytes;
    for (const [other, { parent }] of processes) if (parent === at) open.push(other);
  }
  return usage;
}

/** CPU time in µs since the start that anything at all has used of a core, or that was taken from it. */
export function coreMicros(core) {
  const line = readFileSync('/proc/stat', 'latin1')
    .split('\n')
    .find((text) => text.startsWith(`cpu${core} `));
  // user nice system idle iowait irq softirq steal
  const [user, nice, system, , , irq, softirq, steal] = line.split(' ').slice(1).map(Number);
  return ((user + nice + system + irq + softirq + steal) * 1_000_000) / ticksPerSecond;
}

function readProcesses() {
  const processes = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      // The program's name stands in brackets and may hold anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]);
      processes.set(Number(name), { parent: Number(fields[1]), ticks, rssBytes: Number(fields[21]) * 4_096 });
    } catch {
      // It ended meanwhile.
    }
  }
  return processes;
}
