// Builds the browser pages of src/dashboard into dist/pages, one folder each, when their sources changed since the last
// build; otherwise does nothing. Run it alone with `npm run build:pages`.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const sources = path.join(root, 'src/dashboard');
const output = path.join(root, 'dist/pages');
const marker = path.join(output, '.sources');
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
  rmSync(output, { recursive: true, force: true });
  for (const page of pages) await vite.build(settings(page));
  mkdirSync(output, { recursive: true });
  writeFileSync(marker, wanted);
}

/** Relative addresses, so that a page works under any path; nothing inline, so that a strict policy can forbid it. */
function settings(page) {
  return {
    configFile: false,
    root: path.join(sources, page),
    base: './',
    publicDir: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: path.join(output, page),
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
