// What a bench of Callora begins with: a network on which accounts have deposited, and a gateway's folder that knows them
// and has issued them tokens. Making it takes a minute, so it is kept in the temporary folder and copied for each run.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair } from '@stellar/stellar-sdk/base';
import { prepareChain } from '../../src/cli/sandbox-chain.ts';
import { prepareFiles, sandboxKeys } from '../../src/cli/sandbox-files.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { publicKeyOf } from '../../src/stellar/transactions.ts';
import { startGateway, startNetwork } from './callora-rig.mjs';
import { depositForAll } from './deposits.mjs';
import { issueTokens } from './tokens.mjs';

const root = path.join(import.meta.dirname, '..', '..');

/** What the funder of the sandbox pays in, shared among all accounts: enough for nine million calls. */
const deposits = 9_000_000_000n;

/** Its tokens live for 30 days. */
const ageMaxMs = 20 * 86_400_000;

/** The folder of a world with so many accounts, made if there is none of this version of the program yet. */
export async function openWorld({ accounts, core, fresh, say }) {
  const folder = path.join(tmpdir(), `callora-bench-${version()}-${accounts}`);
  const info = path.join(folder, 'world.json');
  if (!fresh && existsSync(info) && clock.nowMs() - statSync(info).mtimeMs < ageMaxMs) return read(folder);
  say(`making ${accounts} accounts with deposits and tokens; kept for later runs`);
  const making = `${folder}.${process.pid}`;
  try {
    await make({ folder: making, accounts, core, say });
    removeOthers(accounts);
    renameSync(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return read(folder);
}

/** Worlds of this size that other versions of the program have left, and an older one of this. */
function removeOthers(accounts) {
  for (const name of readdirSync(tmpdir())) {
    const [, size] = /^callora-bench-[0-9a-f]{12}-(\d+)$/.exec(name) ?? [];
    if (size === String(accounts)) rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
  }
}

function read(folder) {
  return { folder, ...JSON.parse(readFileSync(path.join(folder, 'world.json'), 'utf8')) };
}

/** A copy that a run may change. */
export function copyWorld(world, folder) {
  cpSync(world.folder, folder, { recursive: true });
  return folder;
}

async function make({ folder, accounts, core, say }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keys = sandboxKeys();
  await prepareFiles(folder, keys);
  const network = await startNetwork({ folder, core });
  try {
    const { vault } = await prepareChain(network, keys, clock);
    const addresses = Array.from({ length: accounts }, () => Keypair.random().publicKey());
    const progress = (done) => say(`${done} of ${accounts} deposits`);
    const amount = deposits / BigInt(accounts);
    await depositForAll({ network, vault, secret: keys.consumer, accounts: addresses, amount, progress });
    const config = { vault, payee: publicKeyOf(keys.payee), upstreamPort: 1 };
    const gateway = await startGateway({ folder, core, network, config });
    writeFileSync(path.join(folder, 'tokens.txt'), await issueTokens({ gateway, folder, accounts: addresses }));
    await gateway.stop();
    const world = { vault: config.vault, payee: config.payee, accounts: addresses };
    writeFileSync(path.join(folder, 'world.json'), JSON.stringify(world));
  } finally {
    await network.program.stop();
  }
}

/** Changes with everything that the kept files depend on. */
function version() {
  const hash = createHash('sha256');
  for (const part of ['contracts/dist', 'drizzle', 'src/access', 'src/devnet', 'src/store']) {
    for (const name of readdirSync(path.join(root, part), { recursive: true, withFileTypes: true })) {
      if (name.isFile()) hash.update(readFileSync(path.join(name.parentPath, name.name)));
    }
  }
  for (const name of ['deposits.mjs', 'world.mjs']) hash.update(readFileSync(path.join(import.meta.dirname, name)));
  return hash.digest('hex').slice(0, 12);
}
