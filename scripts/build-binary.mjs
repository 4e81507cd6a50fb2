// Packs the bundle into one file per target with `pkg --sea`: node scripts/build-binary.mjs [linux-x64 ...]
// pkg takes stock Node from its cache, which is filled here from npm packages, so nothing else is downloaded. The bases of
// other targets come from `npm ci --os=... --cpu=...` in a folder with tools/node.
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { copyBase } from './binary-base.mjs';
import { dist, hostTarget, placeAddon } from './build.mjs';

const targets = process.argv.length > 2 ? process.argv.slice(2) : [hostTarget];
const home = path.join(dist, '.pkg-home');
process.env.HOME = home;
process.env.USERPROFILE = home;
const { exec } = createRequire(import.meta.url)('@yao-pkg/pkg');

for (const target of targets) await pack(target);
placeAddon(hostTarget);

async function pack(target) {
  const [os, arch] = target.split('-');
  fillCache(target);
  placeAddon(target);
  const file = path.join(dist, 'bin', `callora-${target}${os === 'win' ? '.exe' : ''}`);
  mkdirSync(path.dirname(file), { recursive: true });
  rmSync(file, { force: true });
  const pkgTarget = `node${process.versions.node}-${os === 'darwin' ? 'macos' : os}-${arch}`;
  await exec(['pkg.config.json', '--sea', '-t', pkgTarget, '-o', file]);
  console.error(`${path.relative(process.cwd(), file)}: ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB`);
}

/** Files with a `.ok` beside them count as downloaded and checked. */
function fillCache(target) {
  const [os] = target.split('-');
  const cache = path.join(home, '.pkg-cache/sea');
  const name = `node-v${process.versions.node}-${target}`;
  const archive = path.join(cache, `${name}${os === 'win' ? '.zip' : '.tar.gz'}`);
  const base = os === 'win' ? path.join(cache, `${name}.exe`) : path.join(cache, name, 'bin/node');
  copyBase(target, base);
  for (const file of [`${base}.ok`, archive, `${archive}.ok`]) writeFileSync(file, '');
}
