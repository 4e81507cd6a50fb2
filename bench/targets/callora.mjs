import { rmSync } from 'node:fs';
import path from 'node:path';
import { Keypair } from '@stellar/stellar-sdk/base';
import Database from 'better-sqlite3';
import { startGateway, startNetwork } from '../world/callora-rig.mjs';
import { copyWorld } from '../world/world.mjs';

/** The full paid path, as it is shipped: token, price, hold, durable charge, metrics, access log, watcher, settler. */
export const callora = { name: 'Callora', ...calloraTarget('process') };

/** The same with every answer waiting until its charge is on the disk. */
export const calloraDisk = { name: 'Callora, disk', ...calloraTarget('disk') };

function calloraTarget(durability) {
  return {
    version: { command: 'git', args: ['rev-parse', '--short=10', 'HEAD'], pattern: /[0-9a-f]{10}/ },
    tokens: 'callora',
    start: ({ folder, ...at }) =>
      startCallora({ ...at, folder: path.join(folder, `callora-${durability}`), durability }),
  };
}

/** A network and a gateway on a copy of the world. `settings` go into the config file; `prepare` may change the folder. */
export async function startCallora({ core, loadCore, folder, world, prepare, atEnd, profileFolder, ...settings }) {
  copyWorld(world, folder);
  prepare?.(folder);
  const rowsBefore = countRows(folder);
  const network = await startNetwork({ folder, core: loadCore });
  atEnd(network.program.stop);
  await closeLedger(network);
  const config = { vault: world.vault, payee: world.payee, ...settings };
  const gateway = await startGateway({ folder, core, network, config, profileFolder });
  atEnd(gateway.stop);
  return {
    port: gateway.port,
    core,
    pid: gateway.pid,
    program: gateway.program,
    adminPort: gateway.adminPort,
    tokensFile: path.join(folder, 'tokens.txt'),
    /** Ends both and says what the books hold of this run. */
    async close() {
      await gateway.stop();
      await network.program.stop();
      const rows = countRows(folder);
      rmSync(folder, { recursive: true, force: true });
      return { charges: rows.charges - rowsBefore.charges, finishes: rows.finishes - rowsBefore.finishes };
    },
  };
}

/** A network that was kept in a file is as old as its last ledger until it closes another one. */
async function closeLedger(network) {
  await fetch(`${network.friendbotUrl}?addr=${Keypair.random().publicKey()}`);
}

function countRows(folder) {
  const db = new Database(path.join(folder, 'callora.db'), { readonly: true });
  const count = (table) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get().n;
  const rows = { charges: count('charges'), finishes: count('finishes') };
  db.close();
  return rows;
}
