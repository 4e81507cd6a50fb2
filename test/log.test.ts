import { expect, it } from 'vitest';
import { createLog } from '../src/log.ts';

it('never writes the value of a secret field, at the top or one level down', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  log.info(
    { token: 'alpha', req: { authorization: 'Bearer beta', 'x-api-key': 'gamma' }, operator: { seed: 'delta' } },
    'call',
  );
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/alpha|beta|gamma|delta/);
  expect(lines[0]).toContain('[redacted]');
});
