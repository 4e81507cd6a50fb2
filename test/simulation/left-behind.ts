import fs from 'node:fs';
import type { Life } from './life.ts';

/**
 * What a death at this instant leaves: the files, the network with what waits to get into a ledger, and what others outside
 * know. Two moments of which this is the same differ by nothing but what the process itself knew.
 */
export function leftBehind(life: Life): string {
  const { network, model, misfortune, counts } = life;
  const { sequence, closed } = network.chain.history.latest();
  return JSON.stringify(
    [
      written(life.places.file),
      [sequence, Buffer.from(closed.hash).toString('hex'), misfortune.sends, network.clock.nowMs()],
      [[...model.calls.values()].map(({ id, state }) => [id, state]), [...model.accounts.values()].map(Object.values)],
      [counts, life.signed.length, life.tokens.size, life.random.drawn()],
    ],
    (_, value) => (typeof value === 'bigint' ? String(value) : value),
  );
}

/** A database as far as it was written to: every write changes the size or the time of one of its files. */
export function written(file: string): string {
  const stats = [file, `${file}-wal`].map((name) => fs.statSync(name, { bigint: true, throwIfNoEntry: false }));
  return stats.map((stat) => stat && `${stat.size} ${stat.mtimeNs}`).join();
}
