import type { CrashReport } from './crash-loop.ts';
import type { LineBooks } from './line-books.ts';

/** What was promised for a machine with nothing else to do, ms. */
const promisedMs = 3_000;

/** All lines in sum, and how long starts took. */
export function killFigures({ kills, lines, payees, readyMs }: CrashReport) {
  const sum = (of: (line: LineBooks) => number) => lines.reduce((all, line) => all + of(line), 0);
  const ready = readyMs.toSorted((one, other) => one - other);
  return {
    kills,
    accounts: new Set(lines.map(({ account }) => account)).size,
    payees: payees.length,
    served: sum(({ served }) => served),
    charged: sum(({ charged }) => charged),
    refunded: sum(({ refunded }) => refunded),
    forwarded: sum(({ forwarded }) => forwarded),
    inFlightAtKills: sum(({ cutOff }) => cutOff),
    refusedForMoney: sum(({ unpaid }) => unpaid),
    readyMedianMs: Math.round(ready[Math.floor(ready.length / 2)] ?? 0),
    readyMaxMs: Math.round(ready.at(-1) ?? 0),
    readyOverPromise: ready.filter((ms) => ms > promisedMs).length,
  };
}

/** A row of figures for each account and payee. */
export function linesTold({ lines }: CrashReport): string {
  const head = ['account', 'payee', 'served', 'charged', 'refunded', 'forwarded', 'in flight', 'refused'];
  const rows = lines.map((line) => [
    line.account.slice(0, 8),
    line.payee.slice(0, 8),
    ...[line.served, line.charged, line.refunded, line.forwarded, line.cutOff, line.unpaid].map(String),
  ]);
  return [head, ...rows].map((row) => `${row.map((cell) => cell.padStart(9)).join(' ')}\n`).join('');
}
