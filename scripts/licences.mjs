// Writes dist/THIRD-PARTY.txt: everything inside the bundle, the pages, the binary and the contracts that others wrote.
// Run after a build, whose list of inputs it reads.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { licenceFiles, renderLicences } from './licence-texts.mjs';
import { shippedPackages } from './shipped-packages.mjs';

const root = path.resolve(import.meta.dirname, '..');
const packages = shippedPackages().map(({ name, folder }) => {
  const { version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return { name, version, licence: license ?? 'see its text', texts: licenceFiles(folder) };
});
const node = {
  name: 'Node.js',
  version: process.versions.node,
  licence: 'MIT and others',
  texts: licenceFiles(path.dirname(path.dirname(process.execPath))),
};
const heading = 'Software by others inside Callora';
const crates = readFileSync(path.join(root, 'contracts/THIRD-PARTY.txt'), 'utf8');
writeFileSync(path.join(root, 'dist/THIRD-PARTY.txt'), `${renderLicences(heading, [...packages, node])}\n${crates}`);
