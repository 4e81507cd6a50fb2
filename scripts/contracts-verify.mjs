// Builds contracts/ from its sources in another directory and compares the result, byte for byte, with contracts/dist.
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildArtefacts, checksumsFile, contracts, dist, findToolchain, pinnedCrates } from './contracts-toolchain.mjs';

const recorded = JSON.parse(readFileSync(checksumsFile, 'utf8'));
const toolchain = findToolchain(recorded.toolchain.recipe);
const problems = [];

const sameToolchain = toolchain.rustc === recorded.toolchain.rustc && toolchain.recipe === recorded.toolchain.recipe;
if (!sameToolchain) {
  problems.push(
    `The toolchain differs, so nothing was rebuilt: other compilers give other bytes.
  recorded: ${recorded.toolchain.rustc} (${recorded.toolchain.recipe})
  here:     ${toolchain.rustc} (${toolchain.recipe})`,
  );
}
const crates = pinnedCrates();
for (const [name, version] of Object.entries(recorded.crates)) {
  if (crates[name] !== version) problems.push(`Cargo.lock has ${name} ${crates[name]}, the record says ${version}.`);
}

const rebuilt = sameToolchain ? rebuildElsewhere() : {};
const rows = Object.entries(recorded.artefacts).map(([file, { sha256 }]) => {
  const inDist = sha256Of(path.join(dist, file));
  const here = rebuilt[file] ?? 'not rebuilt';
  if (inDist !== sha256) problems.push(`${file} in contracts/dist is not the file the record describes.`);
  if (rebuilt[file] && rebuilt[file] !== sha256) problems.push(`${file} built from these sources is another file.`);
  return { file, recorded: sha256.slice(0, 16), 'in dist': inDist.slice(0, 16), rebuilt: here.slice(0, 16) };
});
console.table(rows);
console.log(`${recorded.toolchain.rustc} (${recorded.toolchain.recipe})`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function rebuildElsewhere() {
  const directory = mkdtempSync(path.join(tmpdir(), 'callora-contracts-'));
  try {
    const workspace = path.join(directory, 'contracts');
    const skipped = [path.join(contracts, 'target'), dist];
    cpSync(contracts, workspace, { recursive: true, filter: (source) => !skipped.includes(source) });
    console.error(`Building in ${directory} with ${toolchain.rustc}; about five minutes.`);
    const built = buildArtefacts({ toolchain, workspace, targetDir: path.join(directory, 'target') });
    return Object.fromEntries(built.map((artefact) => [artefact.file, sha256Of(artefact.path)]));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function sha256Of(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
