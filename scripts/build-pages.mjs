// Builds the browser pages of src/dashboard into dist/pages, one folder each, when their sources changed since the last
// build; otherwise does nothing. Run it alone with `npm run build:pages`.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const sources = path.join(root, 'src/dashboard');
const output = path.join(root, 'dist/pages');
const markerName = '.sources';
const marker = path.join(output, markerName);
const pages = ['operator', 'consumer'];

const wanted = digestOf([
  ...filesIn(sources, { recursive: true }),
  // The pages may use the kernel.
  ...filesIn(path.join(root, 'src'), { recursive: false }),
  path.join(root, 'package-lock.json'),
  import.meta.filename,
]);
if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) await build();

async function build() {
  // Loaded only when there is something to build: a start without changes stays quick.
  const vite = await import('vite');
  const fresh = path.join(root, `dist/.pages-${process.pid}`);
  try {
    for (const page of pages) await vite.build(settings(page, fresh));
    writeFileSync(path.join(fresh, markerName), wanted);
    replace(fresh);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** At once, not while it builds: a serving gateway has no half page to show, and of two builds at a time one stays. */
function replace(fresh) {
  rmSync(output, { recursive: true, force: true });
  try {
    renameSync(fresh, output);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  }
}

/** Relative addresses, so that a page works under any path; nothing inline, so that a strict policy can forbid it. */
function settings(page, folder) {
  return {
    configFile: false,
    root: path.join(sources, page),
    base: './',
    publicDir: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: path.join(folder, page),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: false,
      target: 'es2022',
      reportCompressedSize: false,
    },
  };
}

function filesIn(folder, { recursive }) {
  return readdirSync(folder, { recursive, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(path.relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}
