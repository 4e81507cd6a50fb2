// The npm packages whose code is shipped: what the bundle took in, and what the browser pages may import.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { homesOf } from './import-rules.ts';

const root = path.resolve(import.meta.dirname, '..');

/** Name and folder, in the order of the folders. */
export function shippedPackages() {
  const inputs = JSON.parse(readFileSync(path.join(root, 'dist/inputs.json'), 'utf8'));
  const bundled = inputs.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  const ofPages = Object.keys(homesOf)
    .filter((name) => homesOf[name].includes('dashboard'))
    .map((name) => `node_modules/${name}`);
  return [...new Set([...bundled, ...ofPages])]
    .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
    .sort()
    .map((folder) => ({ name: folder.split('node_modules/').at(-1), folder: path.join(root, folder) }));
}
