import { execFile } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { version } from '../src/version.ts';

const checkout = path.resolve(import.meta.dirname, '..');

/** The launcher in a checkout of its own, with the modules of this one. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'callora-launcher-'));
  mkdirSync(path.join(root, 'bin'));
  copyFileSync(path.join(checkout, 'bin/callora.js'), path.join(root, 'bin/callora.js'));
  writeFileSync(path.join(root, 'package.json'), '{ "type": "module" }');
  symlinkSync(path.join(checkout, 'src'), path.join(root, 'src'));
});
afterEach(() => rmSync(root, { recursive: true }));

async function launch(): Promise<string> {
  const { NODE_DISABLE_COMPILE_CACHE: _, NODE_COMPILE_CACHE: __, ...env } = process.env;
  return (await promisify(execFile)(process.execPath, ['bin/callora.js', '--version'], { cwd: root, env })).stdout;
}

describe('the launcher', () => {
  it('keeps what Node makes of the modules of a checkout beside its packages', async () => {
    expect(await launch()).toContain(version);
    expect(globSync('node_modules/.cache/callora/*/*', { cwd: root })).not.toEqual([]);
    expect(await launch()).toContain(version);
  });

  it('starts where nothing can be kept', async () => {
    writeFileSync(path.join(root, 'node_modules'), 'no folder');
    expect(await launch()).toContain(version);
  });
});
