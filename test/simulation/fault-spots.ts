import type { Life } from './life.ts';
import { type LineFault, otherFaults, plainFaults, sendFaults } from './line.ts';
import type { Misfortune, WriteFailure } from './misfortune.ts';

/** One fault, and where it strikes: at the request, the durable write or the sync with this number. */
export type FaultSpot = { at: number; times: number } & (
  | { of: 'request'; fault: LineFault }
  | { of: 'write'; as: WriteFailure }
  | { of: 'sync' }
);

/** Each way in which a request goes wrong. */
export const requestFaults: readonly LineFault[] = [
  ...[...plainFaults, ...otherFaults].map((kind) => ({ kind })),
  ...sendFaults.map((kind) => ({ kind })),
  { kind: 'lag', ledgers: 3 },
];

/** Each way in which a write goes wrong. */
export const writeFailures: readonly WriteFailure[] = ['SQLITE_FULL', 'SQLITE_BUSY', 'SQLITE_IOERR_WRITE'];

export function plan(misfortune: Misfortune, spot: FaultSpot): void {
  if (spot.of === 'request') misfortune.meetFaultIn(spot.at, spot.times, spot.fault);
  else if (spot.of === 'write') misfortune.failWritesIn(spot.at, spot.times, spot.as);
  else misfortune.failSyncIn(spot.at);
}

/** What a life meets: requests, those of them that send a transaction, durable writes, syncs. */
export type Spots = { requests: number; sends: number; writes: number; syncs: number };

/** Every fault at every request, durable write and sync that it can happen to; some of them last for more than one. */
export function faultSpots({ requests, sends, writes, syncs }: Spots): FaultSpot[] {
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);
  const isOfSends = ({ kind }: LineFault) => sendFaults.some((other) => other === kind);
  return [
    ...requestFaults.flatMap((fault) =>
      numbers(isOfSends(fault) ? sends : requests).map(
        (at) => ({ of: 'request', at, times: 1 + (at % 3), fault }) as const,
      ),
    ),
    ...numbers(writes).flatMap((at) =>
      writeFailures.map((as) => ({ of: 'write', at, times: 1 + 2 * (at % 2), as }) as const),
    ),
    ...numbers(syncs).map((at) => ({ of: 'sync', at, times: 1 }) as const),
  ];
}

/** Faults that come behind what a request does, and those that come before it and look the same to whoever asked. */
const behind = new Map<LineFault['kind'], LineFault['kind']>([
  ['lose_reply', 'refuse'],
  ['html_after', 'bad_gateway'],
  ['silent_after', 'silent'],
]);

/** Spots that may be the same: where nothing is sent, a fault before or behind a request has the same effect. */
export function alike(spots: readonly FaultSpot[]): FaultSpot[][] {
  const groups = new Map<string, FaultSpot[]>();
  for (const spot of spots) {
    const kind = spot.of === 'request' ? spot.fault.kind : '';
    const name = JSON.stringify({ ...spot, fault: behind.get(kind as LineFault['kind']) ?? kind });
    groups.set(name, [...(groups.get(name) ?? []), spot]);
  }
  return [...groups.values()];
}

/** Of what is left of a short life, about: most spots are met. */
const spotsMax = { request: 30, write: 20, sync: 8, crashPoint: 80 };

export async function planRequestFault({ misfortune, random }: Life): Promise<void> {
  const fault = random.pick(requestFaults);
  plan(misfortune, { of: 'request', at: random.below(spotsMax.request), times: 1 + random.below(4), fault });
}

export async function planWriteFault({ misfortune, random }: Life): Promise<void> {
  const as = random.pick(writeFailures);
  plan(misfortune, { of: 'write', at: random.below(spotsMax.write), times: 1 + random.below(4), as });
}

export async function planSyncFault({ misfortune, random }: Life): Promise<void> {
  plan(misfortune, { of: 'sync', at: random.below(spotsMax.sync), times: 1 });
}

export async function planDeath({ misfortune, random }: Life): Promise<void> {
  misfortune.dieIn(random.below(spotsMax.crashPoint));
}

/** At level `process` it may take charges of the last moment, as its description says: there the machine lives on. */
export async function planPowerCut({ misfortune, network, random }: Life): Promise<void> {
  if (network.durability === 'disk') misfortune.cutPower(random.pick([0, 0, random.next(), 1]));
  misfortune.dieIn(random.below(spotsMax.crashPoint));
}
