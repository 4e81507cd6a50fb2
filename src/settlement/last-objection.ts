import type { Clock } from '../clock.ts';
import type { BatchRow } from '../store/batches.ts';
import type { Meta } from '../store/meta.ts';

/**
 * What the network said last against the batch under way of a lane. It is for the operator's eyes, who may look hours later
 * and after a restart: no decision reads it.
 */
export type Objection = {
  reason: string;
  atMs: number;
  /** How often the network has objected to this batch, for whatever reason. */
  tries: number;
};

/** What it was said of: a batch that is taken apart leaves its number to another one. */
type Kept = Objection & { root: string };

const reasonCharsMax = 200;

export function noteObjection(
  { meta, clock }: { meta: Pick<Meta, 'get' | 'set'>; clock: Pick<Clock, 'nowMs'> },
  { lane, root }: Pick<BatchRow, 'lane' | 'root'>,
  reason: string,
): void {
  const tries = (lastObjection(meta, { lane, root })?.tries ?? 0) + 1;
  const kept: Kept = { root, reason: reason.slice(0, reasonCharsMax), atMs: clock.nowMs(), tries };
  meta.set(keyOf(lane), JSON.stringify(kept));
}

/** Undefined when the network has said nothing against this batch. */
export function lastObjection(
  meta: Pick<Meta, 'get'>,
  { lane, root }: Pick<BatchRow, 'lane' | 'root'>,
): Objection | undefined {
  const text = meta.get(keyOf(lane));
  if (text === undefined) return undefined;
  const { root: of, ...objection }: Kept = JSON.parse(text);
  return of === root ? objection : undefined;
}

const keyOf = (lane: number) => `settlement_objection_${lane}`;
