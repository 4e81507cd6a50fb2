import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Batches } from '../store/batches.ts';
import type { SealedBatch } from '../store/seal.ts';
import { partLeavesMaxDefault, type SealRequest } from '../store/seal-proposal.ts';
import type { Propose } from './seal-thread.ts';

export type SealBatchDeps = {
  propose: Propose;
  batches: Pick<Batches, 'seal' | 'anythingWaits'>;
  clock: Pick<Clock, 'nowMs' | 'sleep'>;
  log: Log;
};

/** `full`: more may wait than the batch had room for. */
type Sealed = { sealed: SealedBatch | undefined; full: boolean };

/**
 * What is asked for, from try to try. Refunds are what overtakes a choice: of calls past the age limit that end without an
 * answer, as many as there may be, and those that an operator gives. One part is written at once; without calls that still
 * run only a person can overtake it.
 */
const choices: ((request: SealRequest) => SealRequest)[] = [
  (request) => request,
  (request) => ({ ...request, leavesMax: partLeavesMaxDefault }),
  (request) => ({ ...request, leavesMax: partLeavesMaxDefault, unfinishedUpTo: 0 }),
];

/** Calls have the event loop for this long between two parts of a batch, ms: twice as long as a part takes. */
export const betweenPartsMs = 10;

/**
 * Chooses and writes the next batch of a lane; nothing is sealed when nothing is due. Calls go on while another thread
 * chooses and between the parts that are written, so what was chosen may have changed by then: it is chosen again.
 */
export async function sealBatch(deps: SealBatchDeps, request: SealRequest, signal?: AbortSignal): Promise<Sealed> {
  const { propose, batches, clock, log } = deps;
  if (!batches.anythingWaits()) return { sealed: undefined, full: false };
  for (const narrow of choices) {
    const proposal = await propose(narrow(request), signal);
    if (!proposal) return { sealed: undefined, full: false };
    const sealing = batches.seal(proposal, clock.nowMs());
    let step = sealing.step();
    while (step === 'more') {
      await clock.sleep(betweenPartsMs, signal);
      step = sealing.step();
    }
    if (step === 'done') return { sealed: sealing.batch(), full: proposal.full };
  }
  log.warn({ lane: request.lane }, 'what was chosen for a batch kept changing; it is chosen again at the next turn');
  return { sealed: undefined, full: true };
}
