import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findOwnFile, inBinary, readOwnFile } from '../src/own-files.ts';

describe('the program’s own files', () => {
  it('are read by their path in the checkout', () => {
    expect(inBinary).toBe(false);
    expect(readOwnFile('contracts/dist/host.wasm').subarray(0, 4).toString('latin1')).toBe('\0asm');
    expect(JSON.parse(readOwnFile('drizzle/meta/_journal.json').toString())).toHaveProperty('entries');
  });

  it('name what is missing', () => {
    expect(findOwnFile('drizzle')).toBeUndefined();
    expect(() => readOwnFile('drizzle/9999_never.sql')).toThrow(/9999_never.sql is missing from this installation/);
  });

  it('are found by the threads of the bundle too, wherever it was started', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'callora-bundle-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const ownFiles = JSON.stringify(path.resolve(import.meta.dirname, '../src/own-files.ts'));
    const sources = {
      main: `import { startWorker } from ${ownFiles};
        startWorker('store/probe-worker', 'addon').once('message', (found) => console.log(found));`,
      'probe-worker': `import { parentPort, workerData } from 'node:worker_threads';
        import { ownFilePath } from ${ownFiles};
        parentPort.postMessage(ownFilePath(workerData));`,
    };
    for (const [name, contents] of Object.entries(sources)) {
      await build({
        stdin: { contents, resolveDir: root },
        outfile: path.join(root, `dist/${name}.cjs`),
        ...{ bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' },
        define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
      });
    }
    const ran = await promisify(execFile)(process.execPath, [path.join(root, 'dist/main.cjs')], { cwd: '/' });
    expect(ran.stdout.trim()).toBe(path.join(root, 'addon'));
  });
});
