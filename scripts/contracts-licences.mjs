// Writes contracts/THIRD-PARTY.txt: the crates inside host.wasm and vault.wasm, with their licences. Run it when
// Cargo.lock has changed; a test compares the names.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { licenceFiles, renderLicences } from './licence-texts.mjs';

const contracts = path.resolve(import.meta.dirname, '../contracts');
const cargo = (...args) => execFileSync('cargo', args, { cwd: contracts, encoding: 'utf8', maxBuffer: 2 ** 28 });

const target = 'wasm32-unknown-unknown';
const tree = cargo('tree', '--locked', '-e', 'normal', '--target', target, '--prefix', 'none', '--workspace');
const inside = new Set(tree.split('\n').map((line) => line.split(' ').slice(0, 2).join(' ')));
const metadata = JSON.parse(cargo('metadata', '--locked', '--format-version', '1', '--filter-platform', target));
const packages = metadata.packages
  // Those without a source are our own.
  .filter(({ name, version, source }) => source !== null && inside.has(`${name} v${version}`))
  .map(({ name, version, license, manifest_path: manifest }) => ({
    name,
    version,
    licence: license ?? 'see its text',
    texts: licenceFiles(path.dirname(manifest)),
  }));
const heading = 'Rust crates inside contracts/dist/host.wasm and vault.wasm';
writeFileSync(path.join(contracts, 'THIRD-PARTY.txt'), renderLicences(heading, packages));
