// The same program as a plain single executable of Node, should pkg fail: for this machine's platform only.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { copyBase } from './binary-base.mjs';
import { dist, hostTarget } from './build.mjs';

const root = path.resolve(import.meta.dirname, '..');
const patterns = JSON.parse(readFileSync(path.join(root, 'pkg.config.json'), 'utf8')).pkg.assets;
const keys = patterns
  .flatMap((pattern) => globSync(pattern, { cwd: root, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));

const config = path.join(dist, 'sea.json');
const blob = path.join(dist, 'sea.blob');
writeFileSync(
  config,
  JSON.stringify({
    main: path.join(dist, 'main.cjs'),
    output: blob,
    disableExperimentalSEAWarning: true,
    // No code cache: with one, `import()` fails. No start-up snapshot ever: it repeats random values at every start.
    useCodeCache: false,
    execArgvExtension: 'none',
    assets: Object.fromEntries(keys.map((key) => [key, path.join(root, key)])),
  }),
);
execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'inherit' });

const file = path.join(dist, 'bin', `callora-sea-${hostTarget}`);
copyBase(hostTarget, file);
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const segment = process.platform === 'darwin' ? ['--macho-segment-name', 'NODE_SEA'] : [];
const postject = path.join(root, 'node_modules/postject/dist/cli.js');
execFileSync(process.execPath, [postject, file, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse, ...segment], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
