import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { booksSteps } from '../../src/settlement/books-check.ts';
import { step, World } from '../store/books-world.ts';

/** A step of the walk reads next to nothing, so that much happens between the first and the last. */
const bounds = { chargesMax: 2, othersMax: 1, accountsMax: 1 };

/** The check of these books, again and again, a step at a time. */
class Checker {
  /** How many checks came to their end, and how many of them saw a change on the way. */
  ended = 0;
  disturbed = 0;
  private readonly world: World;
  private steps: ReturnType<typeof booksSteps> | undefined;
  private changed = false;

  constructor(world: World) {
    this.world = world;
  }

  step(): void {
    const { store, ledger } = this.world;
    this.steps ??= booksSteps({ accounts: { walk: () => store.accounts.walk(bounds) }, ledger });
    const { done, value: found } = this.steps.next();
    if (!done) return;
    expect(found).toEqual([]);
    this.ended++;
    if (this.changed) this.disturbed++;
    this.abandon();
  }

  noteChange(): void {
    this.changed = this.steps !== undefined;
  }

  abandon(): void {
    this.steps?.return([]);
    this.steps = undefined;
    this.changed = false;
  }
}

/** Lets one event of the program happen. */
function nextEvent(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('the check of the books, walking while they change', () => {
  it('finds sound books sound, whatever is charged, refunded, sealed, settled and withdrawn between its steps', async () => {
    let ended = 0;
    let disturbed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 100, size: 'max' }), async (acts) => {
        const world = new World();
        world.open();
        const checker = new Checker(world);
        try {
          for (const act of acts) {
            if (act.do === 'restart') checker.abandon();
            let over = false;
            const acting = world.take(act).finally(() => {
              over = true;
            });
            checker.noteChange();
            // Between any two events of it, as in the program.
            do {
              await nextEvent();
              if (act.do !== 'restart') checker.step();
            } while (!over);
            await acting;
          }
          ended += checker.ended;
          disturbed += checker.disturbed;
        } finally {
          checker.abandon();
          await world.close();
        }
      }),
      { numRuns: 25 },
    );
    // So that sound books are not found sound because nothing was ever compared.
    expect(ended).toBeGreaterThan(30);
    expect(disturbed).toBeGreaterThan(30);
  }, 120_000);
});
