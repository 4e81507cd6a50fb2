import { expect, it, onTestFinished } from 'vitest';
import type { Core } from '../../src/app/core.ts';
import { sumsCheckLoop } from '../../src/app/sums-check-loop.ts';
import { fakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { units, zero } from '../../src/money.ts';
import type { WrongSum } from '../../src/store/sums-check.ts';

/** The loop over books whose sums are as a test says; `tookMs` passes while they are added up. */
function startLoop() {
  const clock = fakeClock();
  const violated: string[] = [];
  const books: { found: WrongSum[] | Error; tookMs: number; asked: number } = { found: [], tookMs: 10, asked: 0 };
  const core = {
    store: {
      async findWrongSums() {
        books.asked++;
        clock.advance(books.tookMs);
        if (books.found instanceof Error) throw books.found;
        return books.found;
      },
    },
    clock,
    log: silentLog(),
    metrics: { violated: (identity: string) => void violated.push(identity) },
    broken: undefined,
    sumsCheck: undefined,
  } as unknown as Core;
  const loop = sumsCheckLoop(core);
  onTestFinished(() => loop.stop());
  loop.start();
  const passMinutes = async (minutes: number) => {
    for (let minute = 0; minute < minutes; minute++) {
      clock.advance(60_000);
      for (let event = 0; event < 3; event++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { core, books, loop, violated, passMinutes };
}

it('sums are added up a minute after a start, and once an hour', async () => {
  const { core, books, passMinutes, violated } = startLoop();
  await passMinutes(0);
  expect(books.asked).toBe(0);
  await passMinutes(2);
  expect(books.asked).toBe(1);
  await passMinutes(55);
  expect(books.asked).toBe(1);
  await passMinutes(10);
  expect(books.asked).toBe(2);
  expect(core.sumsCheck).toMatchObject({ differences: 0 });
  expect([core.broken, violated]).toEqual([undefined, []]);
});

it('a wrong sum is a broken identity: it is counted, and sales stop', async () => {
  const { core, books, passMinutes, violated } = startLoop();
  books.found = [{ name: 'receivable', subject: 'GA', kept: units(3n), byRows: zero }];
  await passMinutes(2);
  expect(core.sumsCheck).toMatchObject({ differences: 1 });
  expect(core.broken).toBe('1 sum in the books is not that of its rows');
  expect(violated).toEqual(['sums equal rows']);
});

it('books that take long are added up less often', async () => {
  const { books, passMinutes } = startLoop();
  books.tookMs = 120_000;
  await passMinutes(150);
  expect(books.asked).toBe(1);
  await passMinutes(60);
  expect(books.asked).toBe(2);
});

it('a check that cannot be made turns no calls away, and is made again', async () => {
  const { core, books, loop, passMinutes } = startLoop();
  books.found = new Error('the sums were not checked: disk I/O error');
  await passMinutes(3);
  expect(loop.health()).toMatchObject({ aside: true });
  expect(loop.health().failuresInRow).toBeGreaterThan(0);
  expect([core.broken, core.sumsCheck]).toEqual([undefined, undefined]);
  books.found = [];
  await passMinutes(3);
  expect(core.sumsCheck).toMatchObject({ differences: 0 });
});
