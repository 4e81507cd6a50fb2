// A network and a gateway as they are shipped, each a process of its own, in one folder.
import { closeSync, existsSync, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import path from 'node:path';
import { freePort, startProgram, untilListening } from '../harness/children.mjs';

const launcher = path.join(import.meta.dirname, '..', '..', 'bin', 'callora.js');

/** Origin of the tokens; nothing listens there. */
export const issuer = 'http://gateway.bench';

/** `callora devnet` on the folder's state file; what it does for others must not disturb the load. */
export async function startNetwork({ folder, core }) {
  const port = await freePort();
  const state = path.join(folder, 'devnet.json');
  const args = [launcher, 'devnet', '--port', String(port), '--state', state];
  const program = startProgram({ name: 'devnet', core, command: process.execPath, args });
  setPriority(program.pid, 10);
  await untilListening(program, port);
  const base = `http://127.0.0.1:${port}`;
  const network = { rpcUrl: `${base}/rpc`, friendbotUrl: `${base}/friendbot`, passphrase: 'Callora Devnet ; 2026' };
  return { ...network, program };
}

/** `callora serve`, its log in a file. Resolves when it sells. */
export async function startGateway({ folder, core, network, config, profileFolder }) {
  const [port, adminPort] = [await freePort(), await freePort()];
  const file = path.join(folder, 'config.yaml');
  writeFileSync(file, gatewayYaml({ port, adminPort, network, ...config }));
  const log = path.join(folder, 'access.log');
  const first = existsSync(path.join(folder, 'callora.db')) ? [] : ['--first-start'];
  const program = startProgram({
    name: 'callora',
    core,
    command: process.execPath,
    args: [...profiling(profileFolder), launcher, 'serve', '--config', file, ...first],
    stdio: ['ignore', 'ignore', openSync(log, 'a')],
  });
  const tail = () => endOf(log);
  try {
    await untilListening(program, port);
    await untilReady(program, adminPort);
  } catch (error) {
    throw new Error(`${error.message}\n${tail()}`);
  }
  return { port, adminPort, program: { ...program, stderr: tail }, pid: program.pid, stop: () => program.stop() };
}

/** A sample every half millisecond, written when the process ends. */
function profiling(folder) {
  return folder ? ['--cpu-prof', '--cpu-prof-interval', '500', `--cpu-prof-dir=${folder}`] : [];
}

function endOf(file) {
  const bytes = Buffer.alloc(2_000);
  const descriptor = openSync(file, 'r');
  const read = readSync(descriptor, bytes, 0, bytes.length, Math.max(0, statSync(file).size - bytes.length));
  closeSync(descriptor);
  return bytes.toString('utf8', 0, read).trim();
}

async function untilReady(program, adminPort) {
  const endMs = performance.now() + 120_000;
  let ended;
  program.closed.then((end) => {
    ended = end;
  });
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined);
    const text = await answer?.text();
    if (answer?.status === 200) return;
    if (ended !== undefined) throw new Error(`callora ended with ${ended}`);
    if (performance.now() > endMs) throw new Error(`callora does not get ready: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * The defaults of the product but for two limits: connections are kept for longer than 1,000 requests, as those of all
 * other proxies here are, and the one address that all load comes from may have enough of them. Rates are on for accounts,
 * tokens and addresses, high enough to refuse nobody.
 */
function gatewayYaml(config) {
  const { port, adminPort, network, vault, payee, upstreamPort, durability = 'process', routes = 10 } = config;
  return `gateway:
  listen: 127.0.0.1:${port}
  public_url: ${issuer}
  rates:
    account: { per_second: 20000 }
    token: { per_second: 20000 }
    address: { per_second: 500000 }
  limits: { requests_per_connection_max: 1000000, connections_per_address_max: 1000 }
admin: { listen: 127.0.0.1:${adminPort}, token_file: ./secrets/admin.token }
stellar:
  network: ${JSON.stringify(network.passphrase)}
  rpc_url: ${network.rpcUrl}
  vault: ${vault}
  operator_secret_file: ./secrets/operator.seed
storage: { path: ./callora.db, durability: ${durability} }
tokens: { keys_file: ./secrets/tokens.jwks }
apis:
  - name: bench
    payee: ${payee}
    mount: /
    upstream: http://127.0.0.1:${upstreamPort}
    price: "0.0005"
    routes:
${routePaths(routes)
  .map((route) => `      - { match: "GET ${route}/:id", price: "0.0001" }`)
  .join('\n')}
`;
}

/** Routes as a catalog has them: a few segments, a parameter at the end. The first is the one that is called. */
export function routePaths(count) {
  return Array.from({ length: count }, (_, at) => (at === 0 ? '/item' : `/area${at % 100}/kind${at}`));
}
