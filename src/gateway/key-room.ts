import type { IdempotencyLimits } from '../catalog/model.ts';
import type { KeyRoom } from '../metering/keyed-calls.ts';

/**
 * How much may be kept when another key begins, or when one ends that nobody has paid for. Answers that cost nothing can be had
 * without end, so they are kept only while a part of each bound is taken, whoever has taken it: the rest is left to calls that
 * pay.
 */
export function keyRoom(limits: IdempotencyLimits, pays: boolean): KeyRoom {
  const percent = pays ? 100 : limits.unpaidPercentMax;
  const partOf = (max: number) => Math.floor((max * percent) / 100);
  return {
    keysPerAccountMax: partOf(limits.keysPerAccountMax),
    keysMax: partOf(limits.keysMax),
    bytesPerAccountMax: partOf(limits.storedBytesPerAccountMax),
    bytesMax: partOf(limits.storedBytesMax),
  };
}
