import { alike, type FaultSpot, faultSpots } from './fault-spots.ts';
import type { Script } from './script.ts';
import { type LifeReport, simulateDeath, simulateFault } from './simulate.ts';

/** `pairs` of a fault and a spot: each was `played`, was the `same` as one that was played, or was left out. */
export type FaultsPlayed = { pairs: number; played: number; same: number };

export type FaultsOptions = {
  /** Plays at one of so many spots. */
  oneOf?: number;
  /** Of what is to be played, only what falls to one of several. */
  share?: { at: number; of: number };
  told?: (progress: FaultsPlayed) => void;
};

/**
 * Plays one fault a life, at each spot of the script that the fault can happen at, or at one of so many. Of two that differ by
 * whether the request took effect only one is played where no such request sent anything: the others change nothing.
 */
export async function playFaults(script: Script, options: FaultsOptions = {}): Promise<FaultsPlayed> {
  const { oneOf = 1, share = { at: 0, of: 1 }, told } = options;
  const spots = faultSpots(await simulateDeath(script, Number.POSITIVE_INFINITY));
  const progress = { pairs: spots.length, played: 0, same: 0 };
  const wanted = alike(spots).filter((_, index) => index % oneOf === 0);
  for (const [first, ...others] of wanted.filter((_, index) => index % share.of === share.at)) {
    if (!first) continue;
    const report = await simulateFault(script, first);
    progress.played++;
    for (const other of others) {
      if (hitSend(first, report)) {
        await simulateFault(script, other);
        progress.played++;
      } else progress.same++;
    }
    told?.({ ...progress });
  }
  return progress;
}

function hitSend(spot: FaultSpot, { counts }: LifeReport): boolean {
  return spot.of === 'request' && counts[`${spot.fault.kind}: sendTransaction`] !== undefined;
}
