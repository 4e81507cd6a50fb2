import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openPort } from '../../src/cli/open-port.ts';
import type { SandboxInfo } from '../../src/cli/sandbox-report.ts';
import { callora, startSandbox } from '../support/callora-process.ts';

/** A second gateway before the same vault, with books of its own: one that reloads at SIGHUP, as the sandbox does not. */
async function serveBeside(info: SandboxInfo, edit: (yaml: string) => string) {
  const [port, adminPort] = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
  const config = path.join(info.dataDir, 'second.yaml');
  const yaml = readFileSync(info.config, 'utf8')
    .replaceAll(new URL(info.gateway).port, String(port))
    .replaceAll(new URL(info.admin).port, String(adminPort))
    .replace('./callora.db', './second.db');
  writeFileSync(config, edit(yaml));
  const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');
  const child = spawn(process.execPath, [launcher, 'serve', '--first-start', '--config', config]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => text.includes('operator http') && resolve());
    child.once('close', (code) => reject(new Error(`serve ended with ${code}`)));
  });
  const issued = await callora(['token', 'issue', '--config', config, '--account', info.consumer.address]);
  const headers = { authorization: `Bearer ${issued.stdout.trim()}` };
  const get = (target: string) => fetch(`http://127.0.0.1:${port}${target}`, { headers });
  return { config, child, get };
}

describe('an import', () => {
  it('is sold at its price from SIGHUP on', async () => {
    const listed = /^.*GET \/forecast\/:city.*\n/m;
    const { info, stop } = await startSandbox();
    onTestFinished(async () => {
      await stop();
    });
    const { config, child, get } = await serveBeside(info, (yaml) => yaml.replace(listed, ''));
    const price = async () => {
      const answer = await get('/demo/forecast/oslo');
      await answer.arrayBuffer();
      return answer.headers.get('callora-price');
    };
    // Unlisted, the call costs what the API does; 0 until the second gateway has seen the deposit.
    while ((await price()) !== '0.0005');

    const file = path.join(info.dataDir, 'openapi.json');
    const paths = { '/forecast/{town}': { get: { summary: 'Weather of a town' } }, '/status': { get: {} } };
    writeFileSync(file, JSON.stringify({ openapi: '3.1.0', paths }));
    const args = ['import', 'openapi', file, '--mount', '/demo', '--price', '0.0123', '--write', '--json'];
    const imported = await callora([...args, '--config', config]);
    expect(JSON.parse(imported.stdout)).toMatchObject({
      written: true,
      added: ['GET /forecast/:town'],
      kept: [{ route: 'GET /status', price: '0' }],
    });
    child.kill('SIGHUP');
    while ((await price()) !== '0.0123');
    const summary = await callora(['usage', 'summary', '--by', 'route', '--config', config, '--json']);
    expect(JSON.parse(summary.stdout).items).toContainEqual(
      expect.objectContaining({ route: '/demo/forecast/:town', gross: '0.0123' }),
    );
  });
});
