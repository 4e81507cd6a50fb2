import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { openStore } from '../../src/store/store.ts';

/** Opens a store and holds it until killed; says what happened in one line. */
try {
  openStore({ path: process.argv[2] ?? '', clock: systemClock, log: silentLog() });
  process.stdout.write('open\n');
  setInterval(() => undefined, 1_000_000);
} catch (error) {
  process.stdout.write(`refused: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
