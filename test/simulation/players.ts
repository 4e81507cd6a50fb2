import { Worker } from 'node:worker_threads';
import type { Told, Wish } from './player.ts';

/**
 * Has so many threads play it, each its share, and hears what they tell, with the number of the thread. Rejects with
 * `BrokenLife` when one of them breaks; the others end with it.
 */
export async function playAll(wish: Wish, jobs: number, heard: (told: Told, at: number) => void): Promise<void> {
  const workers = Array.from(
    { length: jobs },
    (_, at) => new Worker(new URL('./player.ts', import.meta.url), { workerData: { wish, share: { at, of: jobs } } }),
  );
  const ended = workers.map(
    (worker, at) =>
      new Promise<void>((resolve, reject) => {
        worker.on('message', (told: Told) => {
          if (told.what === 'broken') reject(new BrokenLife(told.text, told.seed));
          else heard(told, at);
        });
        worker.on('error', reject);
        worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a thread ended with ${code}`))));
      }),
  );
  try {
    await Promise.all(ended);
  } finally {
    await Promise.allSettled(workers.map((worker) => worker.terminate()));
  }
}

/** `seed` of the life that broke, if it has one. */
export class BrokenLife extends Error {
  readonly seed: number | undefined;

  constructor(text: string, seed: number | undefined) {
    super(text);
    this.seed = seed;
  }
}
