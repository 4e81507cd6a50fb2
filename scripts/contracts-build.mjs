// Builds contracts/dist: the vault and the host as WebAssembly, and what they were built with and weigh.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildArtefacts, checksumsFile, contracts, dist, findToolchain, pinnedCrates } from './contracts-toolchain.mjs';

const toolchain = findToolchain();
console.error(`Building with ${toolchain.rustc} (${toolchain.recipe}); the first time takes about five minutes.`);
const built = buildArtefacts({
  toolchain,
  workspace: contracts,
  targetDir: process.env.CARGO_TARGET_DIR ?? path.join(contracts, 'target'),
});

mkdirSync(dist, { recursive: true });
const artefacts = {};
for (const { file, path: source } of built) {
  const bytes = readFileSync(source);
  writeFileSync(path.join(dist, file), bytes);
  artefacts[file] = { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
  console.log(`${file.padEnd(12)} ${String(bytes.length).padStart(9)} bytes  ${artefacts[file].sha256}`);
}
const checksums = {
  toolchain: { recipe: toolchain.recipe, rustc: toolchain.rustc },
  crates: pinnedCrates(),
  artefacts,
};
writeFileSync(checksumsFile, `${JSON.stringify(checksums, null, 2)}\n`);
