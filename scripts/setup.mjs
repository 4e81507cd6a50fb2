// Installs the dependencies when the lockfile changed since the last install; otherwise does nothing.
// Plain JavaScript for Node 20 or later: it runs before the pinned Node is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const marker = path.join(root, 'node_modules/.callora-setup');
const wanted = createHash('sha256')
  .update(readFileSync(path.join(root, 'package-lock.json')))
  .digest('hex');
const installed = existsSync(marker) ? readFileSync(marker, 'utf8') : '';

if (installed !== wanted) {
  console.error('Installing dependencies (npm ci), once per lockfile; about half a minute.');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const run = spawnSync(npm, ['ci', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (run.status !== 0) {
    console.error(
      'npm ci failed: see the lines above. Callora needs git, Node 20 or later, npm and a package registry it can reach.',
    );
    process.exit(run.status ?? 1);
  }
  writeFileSync(marker, wanted);
}
