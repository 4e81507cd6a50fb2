import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openSqlite } from '../../src/store/open-sqlite.ts';
import type { RawDb } from '../../src/store/raw-db.ts';
import { createSumsWalk } from '../../src/store/sums-check.ts';
import { step, World } from './books-world.ts';
import { fillBooks } from './full-books.ts';
import { confirm, openTestStore } from './rig.ts';

/** The sums are added up step by step, while the books change and the log is shortened. */

const least = { accountsMax: 1, batchesMax: 1 };

it('sound books are found sound, whatever is charged, refunded, sealed, settled and withdrawn between two steps', async () => {
  let ended = 0;
  let disturbed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 120, size: 'max' }), async (acts) => {
      const world = new World();
      world.open();
      let steps: ReturnType<ReturnType<typeof createSumsWalk>> | undefined;
      let before = '';
      const books = () => JSON.stringify(world.store.db.prepare('SELECT * FROM earnings').all());
      try {
        for (const act of acts) {
          if (act.do === 'restart') steps = undefined;
          await world.take(act);
          if (!steps) before = books();
          steps ??= createSumsWalk(world.store.db)(least);
          // Three times as many steps as acts: most walks come to their end in a history.
          for (let times = 0; times < 3; times++) {
            const next = steps?.next();
            expect(next?.value ?? []).toEqual([]);
            if (!next?.done) continue;
            ended++;
            if (books() !== before) disturbed++;
            steps = undefined;
          }
        }
      } finally {
        await world.close();
      }
    }),
    { numRuns: 40 },
  );
  expect(ended).toBeGreaterThan(100);
  expect(disturbed).toBeGreaterThan(5);
}, 120_000);

it('a batch that lands between two steps is counted once, before whichever step it does', async () => {
  const sound = openTestStore().store;
  await fillBooks(sound);
  const stepsInAll = [...createSumsWalk(sound.db)(least)].length;
  for (let landsBefore = 0; landsBefore < stepsInAll; landsBefore++) {
    const { store } = openTestStore();
    await fillBooks(store);
    const [open] = store.batches.open();
    if (!open) throw new Error('these books have a batch on its way');
    const found: unknown[] = [];
    let steps = 0;
    for (const some of createSumsWalk(store.db)(least)) {
      found.push(...some);
      if (steps++ === landsBefore) confirm(store, open, [20n]);
    }
    expect([landsBefore, found]).toEqual([landsBefore, []]);
    await store.close();
  }
});

it('between two steps nobody reads, so the log can start over', async () => {
  const { store, file } = openTestStore();
  await fillBooks(store);
  const reading = openSqlite(file, { readonly: true });
  const checkpoints = openSqlite(file, { timeout: 0 });
  let steps = 0;
  for (const _ of createSumsWalk(reading)(least)) {
    steps++;
    store.meta.set('step', String(steps));
    const [progress] = checkpoints.pragma('wal_checkpoint(RESTART)') as { busy: number }[];
    expect(progress?.busy).toBe(0);
  }
  expect(steps).toBeGreaterThan(12);
  reading.close();
  checkpoints.close();
});

it('a step reads the days and debts of its accounts and the lines of its batches, and no others', async () => {
  const { store } = openTestStore();
  await fillBooks(store);
  const texts: string[] = [];
  const prepare = (text: string) => {
    texts.push(text);
    return store.db.prepare(text);
  };
  createSumsWalk({ prepare, transaction: store.db.transaction.bind(store.db) } as unknown as RawDb);
  const values = { after: 0, upTo: 1, open: '[]', newest: 1 };
  const plan = texts.flatMap((text) =>
    (store.db.prepare(`EXPLAIN QUERY PLAN ${text}`).all(values) as { detail: string }[]).map(({ detail }) => detail),
  );
  // That index has the batches that are on their way: one of each lane at most.
  const scans = plan.filter((detail) =>
    /^SCAN (usage_daily|accounts|a|receivables|l|b|batch_lines|batches)\b(?! USING INDEX batches_one_open)/.test(
      detail,
    ),
  );
  expect(scans).toEqual([]);
  const debts = plan.filter((detail) => detail.includes('receivables'));
  expect(new Set(debts)).toEqual(
    new Set(['SEARCH receivables USING INDEX receivables_account (account_id>? AND account_id<?)']),
  );
});
