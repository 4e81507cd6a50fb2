// Installs the dependencies when the lockfile changed since the last install, and builds the browser pages when their
// sources changed since the last build; otherwise does nothing.
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

// On the pinned Node, which is there by now.
const search = [path.join(root, 'node_modules/.bin'), process.env.PATH ?? ''].join(path.delimiter);
const pages = spawnSync('node', ['scripts/build-pages.mjs'], {
  cwd: root,
  stdio: ['ignore', 2, 2],
  env: { ...process.env, PATH: search },
  shell: process.platform === 'win32',
});
if (pages.status !== 0) {
  console.error('The browser pages could not be built: see the lines above. Without them all but the pages works.');
  process.exit(pages.status ?? 1);
}
