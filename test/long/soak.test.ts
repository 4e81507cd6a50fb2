import { spawn } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { figure } from '../support/figure.ts';

const soak = path.resolve(import.meta.dirname, '../../bench/soak/soak.mjs');

describe('half a minute of mixed traffic', () => {
  it('lets nothing grow, and leaves books that are what clients and upstream have counted', async () => {
    const child = spawn(process.execPath, [soak, '--seconds', '30', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let json = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      json += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code, said).toBe(0);
    const { faults, traffic } = JSON.parse(json);
    expect(faults).toEqual([]);
    figure(
      Object.entries(traffic)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', '),
    );
    // Each kind of client has been there.
    for (const kind of [
      'calls',
      'sentAgain',
      'refusedForMoney',
      'leftAtAnyMoment',
      'badTokens',
      'messages',
      'slowReads',
      'slowHeads',
      'slowBodies',
    ]) {
      expect(traffic[kind], kind).toBeGreaterThan(0);
    }
  });
});
