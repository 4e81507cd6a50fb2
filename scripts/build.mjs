// Bundles the program into dist/, beside the pages that setup.mjs has built: main.cjs, one file for each thread, the SQLite
// addon of this machine, and the list of what went in (inputs.json, from which the licences are written).
// `node dist/main.cjs` needs nothing from node_modules; it reads drizzle/ and contracts/dist/ beside dist/.
import { copyFileSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
export const dist = path.join(root, 'dist');

/** The addon for a target such as `linux-x64`; `win` is `win32` in the package's names. */
export function placeAddon(target) {
  const prebuilt = path.join(root, `node_modules/better-sqlite3/prebuilds/${target.replace(/^win-/, 'win32-')}.node`);
  mkdirSync(path.join(dist, 'native'), { recursive: true });
  copyFileSync(prebuilt, path.join(dist, 'native/better_sqlite3.node'));
}

export const hostTarget = `${process.platform.replace('win32', 'win')}-${process.arch}`;

export async function bundle() {
  for (const file of globSync('*.cjs', { cwd: dist })) rmSync(path.join(dist, file));
  const settings = {
    bundle: true,
    platform: 'node',
    target: 'node24',
    // One CommonJS file starts several times faster than a graph of modules.
    format: 'cjs',
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    // Messages and stack traces keep their names; only layout goes.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
    absWorkingDir: root,
    logLevel: 'warning',
  };
  const threads = globSync('src/**/*-worker.ts', { cwd: root });
  const results = await Promise.all([
    build({ ...settings, entryPoints: ['bin/callora.js'], outfile: path.join(dist, 'main.cjs') }),
    ...threads.map((file) =>
      build({ ...settings, entryPoints: [file], outfile: path.join(dist, `${path.basename(file, '.ts')}.cjs`) }),
    ),
  ]);
  const inputs = new Set(results.flatMap((result) => Object.keys(result.metafile.inputs)));
  writeFileSync(path.join(dist, 'inputs.json'), `${JSON.stringify([...inputs].sort(), undefined, 2)}\n`);
  placeAddon(hostTarget);
}

if (process.argv[1] === import.meta.filename) await bundle();
