// What must be on the machine, and how it gets there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hasProgram } from './children.mjs';

const folder = path.join(import.meta.dirname, '..');

export function requireLinux() {
  if (process.platform === 'linux' && hasProgram('taskset') && hasProgram('setpriv')) return;
  console.error(
    'The bench pins processes to cores and reads /proc: it runs on Linux with util-linux (taskset, setpriv).',
  );
  process.exit(1);
}

/** The names whose programs are here; says of the others how to get them, or gets them. */
export function available(names, targets, { install, say }) {
  const missing = new Set(names.flatMap((name) => targets[name].needs ?? []).filter((tool) => !hasProgram(tool)));
  if (missing.size > 0 && install) {
    say(`installing ${[...missing].join(', ')}`);
    aptInstall([...missing]);
    for (const tool of missing) if (hasProgram(tool)) missing.delete(tool);
  }
  if (missing.size > 0) {
    say(`not here: ${[...missing].join(', ')}. To compare with them too: apt-get install ${[...missing].join(' ')}`);
  }
  return names.filter((name) => (targets[name].needs ?? []).every((tool) => !missing.has(tool)));
}

/** Installed, but not started as services: the bench starts its own. */
function aptInstall(tools) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const stdio = ['ignore', 'ignore', 'inherit'];
  spawnSync('apt-get', ['update', '-qq'], { env, stdio });
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...tools], { env, stdio });
}

/** The packages of `bench/package.json`, once per lockfile. */
export function installPackages(say) {
  const lock = createHash('sha256')
    .update(readFileSync(path.join(folder, 'package-lock.json')))
    .digest('hex');
  const marker = path.join(folder, 'node_modules', '.callora-setup');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock) return true;
  say('installing the packages that Callora is compared with (npm ci in bench/)');
  const run = spawnSync('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (run.status !== 0) return false;
  writeFileSync(marker, lock);
  return true;
}

export function versionOf({ version }) {
  if (typeof version === 'function') return version();
  const { command, args, pattern = /\d+(\.\d+)+/ } = version;
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd: folder });
  return pattern.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown';
}
