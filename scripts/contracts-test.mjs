// Runs the native tests of contracts/: the vault against the SDK's ledger, the host module's frames and refusals.
import { spawnSync } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { contracts, findCargo } from './contracts-toolchain.mjs';

const cargo = findCargo();
setPriority(constants.priority.PRIORITY_LOW);
const run = spawnSync(cargo, ['test', '--locked', ...process.argv.slice(2)], { cwd: contracts, stdio: 'inherit' });
process.exit(run.status ?? 1);
