// The Rust toolchains that can build contracts/ to WebAssembly, and how each does it.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import path from 'node:path';

export const contracts = path.resolve(import.meta.dirname, '../contracts');
export const dist = path.join(contracts, 'dist');
export const checksumsFile = path.join(dist, 'checksums.json');

// The vault wants a target without floating point or other late additions, the host wants std.
const VAULT_TARGET = 'wasm32v1-none';
const HOST_TARGET = 'wasm32-unknown-unknown';
const DEBIAN_PACKAGES = ['rustc-web', 'cargo-web', 'rust-web-src', 'lld-19'];
const DEBIAN_LINKER = '/usr/bin/wasm-ld-19';

const artefacts = [
  { file: 'vault.wasm', crate: 'vault', target: VAULT_TARGET, profile: 'release', std: 'core,alloc' },
  { file: 'host.wasm', crate: 'host', target: HOST_TARGET, profile: 'shim', std: 'std,panic_abort' },
];

const remedies = `Either
  rustup target add ${VAULT_TARGET} ${HOST_TARGET}        (Rust 1.91 or later)
or, on Debian,
  apt-get install ${DEBIAN_PACKAGES.join(' ')}`;

/** Prints what is wrong and ends the program: there is nothing to go on with. */
export function fail(text) {
  console.error(text);
  process.exit(1);
}

function output(command, args) {
  const run = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return run.status === 0 ? run.stdout.trim() : undefined;
}

// rustup's ready-made standard library.
function findRustup() {
  const targets = output('rustup', ['target', 'list', '--installed'])?.split('\n') ?? [];
  if (!targets.includes(VAULT_TARGET) || !targets.includes(HOST_TARGET)) return undefined;
  const rustc = output('rustc', ['--version']);
  return rustc && { recipe: 'rustup', cargo: 'cargo', rustc, env: {}, args: () => [] };
}

// Debian ships no standard library for these targets: it is built from source with the contracts.
function findDebian() {
  const rustc = output('/usr/bin/rustc', ['--version']);
  const sysroot = output('/usr/bin/rustc', ['--print', 'sysroot']);
  const library = sysroot && path.join(sysroot, 'lib/rustlib/src/rust/library');
  if (!rustc || !library || !existsSync(library) || !existsSync('/usr/bin/cargo') || !existsSync(DEBIAN_LINKER)) {
    return undefined;
  }
  return {
    recipe: 'debian',
    cargo: '/usr/bin/cargo',
    rustc,
    env: {
      PATH: `/usr/bin${path.delimiter}${process.env.PATH}`,
      RUSTC: '/usr/bin/rustc',
      CARGO_TARGET_WASM32V1_NONE_LINKER: DEBIAN_LINKER,
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: DEBIAN_LINKER,
    },
    args: (artefact) => [`-Zbuild-std=${artefact.std}`],
  };
}

/** Finds a toolchain, the one of `recipe` first if there is such. In CI as root, installs Debian's when none is there. */
export function findToolchain(recipe) {
  const finders = { rustup: findRustup, debian: findDebian };
  const found = finders[recipe]?.() ?? findRustup() ?? findDebian();
  if (found) return found;
  if (process.env.CI && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    installDebianPackages(DEBIAN_PACKAGES);
    const installed = findDebian();
    if (installed) return installed;
  }
  return fail(`No Rust toolchain here can build WebAssembly for ${VAULT_TARGET} and ${HOST_TARGET}.\n${remedies}`);
}

/** A cargo for native tests: any of Rust 1.91 or later will do. */
export function findCargo() {
  for (const cargo of ['cargo', '/usr/bin/cargo']) if (output(cargo, ['--version'])) return cargo;
  if (process.env.CI && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    installDebianPackages(['rustc-web', 'cargo-web']);
    if (output('/usr/bin/cargo', ['--version'])) return '/usr/bin/cargo';
  }
  return fail(`No cargo here: Rust 1.91 or later is needed to test the contracts.\n${remedies}`);
}

function installDebianPackages(packages) {
  console.error(`Installing ${packages.join(' ')} (CI).`);
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const run = spawnSync('apt-get', args, { stdio: ['ignore', 2, 2] });
    if (run.status !== 0) fail(`apt-get ${args.join(' ')} failed: see the lines above.\n${remedies}`);
  }
}

/** Builds every artefact of the workspace; returns [{ file, path }]. Lowers this process's priority for it. */
export function buildArtefacts({ toolchain, workspace, targetDir }) {
  setPriority(constants.priority.PRIORITY_LOW);
  return artefacts.map((artefact) => {
    const args = ['rustc', '--locked', '-Ztrim-paths', '--profile', artefact.profile, '-p', artefact.crate, '--lib'];
    // The crate type is said here: a manifest with two of them gives files without link-time optimisation.
    args.push('--crate-type', 'cdylib', '--target', artefact.target, ...toolchain.args(artefact));
    const profile = `CARGO_PROFILE_${artefact.profile.toUpperCase()}`;
    const run = spawnSync(toolchain.cargo, args, {
      cwd: workspace,
      stdio: ['ignore', 2, 2],
      env: {
        ...process.env,
        ...toolchain.env,
        // Paths of this machine stay out of the files, so that any directory gives the same bytes; that
        // and building the standard library are switched on the way the toolchain's own builds do it.
        RUSTC_BOOTSTRAP: '1',
        [`${profile}_TRIM_PATHS`]: 'all',
        CARGO_TARGET_DIR: targetDir,
        RUSTFLAGS: '',
        CARGO_ENCODED_RUSTFLAGS: '',
      },
    });
    if (run.status !== 0) fail(`cargo could not build ${artefact.crate} for ${artefact.target}.`);
    return {
      file: artefact.file,
      path: path.join(targetDir, artefact.target, artefact.profile, `${artefact.crate}.wasm`),
    };
  });
}

/** Versions of the crates that decide what the artefacts do, as the lockfile pins them. */
export function pinnedCrates() {
  const lock = readFileSync(path.join(contracts, 'Cargo.lock'), 'utf8');
  const names = ['soroban-sdk', 'soroban-env-host', 'soroban-simulation', 'soroban-wasmi', 'stellar-xdr'];
  return Object.fromEntries(
    names.map((name) => [name, lock.match(new RegExp(`name = "${name}"\nversion = "([^"]+)"`))?.[1] ?? 'missing']),
  );
}
