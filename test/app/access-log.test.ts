import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** A process that logs one call and ends in its own way at once, long before the line would be written by itself. */
function stderrOf(end: string): string {
  const script = `
    import { openAccessLog } from './src/app/access-log.ts';
    import { systemClock as clock } from './src/clock.ts';
    import { createLog } from './src/log.ts';
    import { callRecord } from './test/support/call-record.ts';
    const { logCall } = openAccessLog({ log: { access: true, level: 'info' } }, { clock, log: createLog('info') });
    logCall(callRecord({ requestId: 'the-last-one' }));
    ${end}`;
  return spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    cwd: root,
    encoding: 'utf8',
  }).stderr;
}

it.each([
  ['exits', 'process.exit(1);'],
  ['throws', "throw new Error('a fault');"],
  ['leaves a promise rejected', "Promise.reject(new Error('a fault'));"],
])('a process that %s writes the calls it has logged first', (_name, end) => {
  expect(stderrOf(end)).toContain('"request":"the-last-one"');
});
