// The gateway of the soak: `callora serve` as it is shipped on `callora devnet`, with a config of its own.
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { Keypair } from '@stellar/stellar-sdk/base';
import Database from 'better-sqlite3';
import { formatUsdc, units } from '../../src/money.ts';
import { freePort, startProgram, untilListening } from '../harness/children.mjs';
import { issuer, startNetwork } from '../world/callora-rig.mjs';
import { copyWorld, openWorld } from '../world/world.mjs';

const launcher = path.join(import.meta.dirname, '..', '..', 'bin', 'callora.js');
const accounts = 120;

export async function startSoakGateway({ folder, upstreamPort, say }) {
  const core = `0-${cpus().length - 1}`;
  const world = await openWorld({ accounts, core, fresh: false, say });
  copyWorld(world, folder);
  const network = await startNetwork({ folder, core });
  // A network out of a file is as old as its last ledger until it closes another one.
  await fetch(`${network.friendbotUrl}?addr=${Keypair.random().publicKey()}`);
  const [port, adminPort] = [await freePort(), await freePort()];
  const file = path.join(folder, 'soak.yaml');
  writeFileSync(
    file,
    yaml({ port, adminPort, network, vault: world.vault, payee: world.payee, upstreamPort, dear: dearPrice(folder) }),
  );
  const log = path.join(folder, 'soak.log');
  const args = [launcher, 'serve', '--config', file];
  const stdio = ['ignore', 'ignore', openSync(log, 'a')];
  const program = startProgram({ name: 'callora', core, command: process.execPath, args, stdio });
  const adminToken = readFileSync(path.join(folder, 'secrets', 'admin.token'), 'utf8').trim();
  const tokens = readFileSync(path.join(folder, 'tokens.txt'), 'utf8').trim().split('\n');

  async function admin(where, init) {
    const headers = { authorization: `Bearer ${adminToken}`, connection: 'close' };
    const answer = await fetch(`http://127.0.0.1:${adminPort}${where}`, { ...init, headers });
    if (!answer.ok) throw new Error(`${where} was answered ${answer.status}: ${await answer.text()}`);
    return answer;
  }

  async function gauge(name) {
    const text = await (await admin('/metrics')).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  }

  async function until(condition, what, timeoutMs = 60_000) {
    const endMs = performance.now() + timeoutMs;
    while (!(await condition())) {
      if (performance.now() > endMs)
        throw new Error(`${what} does not come about:\n${readFileSync(log, 'utf8').slice(-2_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  await untilListening(program, port);
  await until(
    () =>
      fetch(`http://127.0.0.1:${adminPort}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      ),
    'readiness',
  );
  return {
    port,
    pid: program.pid,
    payers: world.accounts.map((account, at) => ({ account, token: tokens[at] })),
    gauge,
    json: async (where, init) => (await admin(where, init)).json(),
    /** No connection, no call, no open hold. */
    untilIdle: () =>
      until(
        async () => (await gauge('callora_connections')) === 0 && (await gauge('callora_reservations')) === 0,
        'rest',
      ),
    async stop() {
      await program.stop();
      await network.program.stop();
    },
  };
}

/** Nine tenths of what an account has deposited: it can be paid once. */
function dearPrice(folder) {
  const db = new Database(path.join(folder, 'callora.db'), { readonly: true });
  const deposited = db.prepare('SELECT MIN(deposited) FROM accounts WHERE deposited > 0').pluck().get();
  db.close();
  return formatUsdc(units(Math.floor(deposited * 0.9)));
}

/** Short times, so that every limit is met within minutes; prices of a few units, so that deposits last. */
function yaml({ port, adminPort, network, vault, payee, upstreamPort, dear }) {
  return `gateway:
  listen: 127.0.0.1:${port}
  public_url: ${issuer}
  limits:
    connections_per_address_max: 1000
    head_timeout: 2s
    body_idle_timeout: 2s
    websocket_check_interval: 1s
admin: { listen: 127.0.0.1:${adminPort}, token_file: ./secrets/admin.token }
stellar:
  network: ${JSON.stringify(network.passphrase)}
  rpc_url: ${network.rpcUrl}
  vault: ${vault}
  operator_secret_file: ./secrets/operator.seed
storage: { path: ./callora.db }
tokens: { keys_file: ./secrets/tokens.jwks }
settlement: { interval: 3s, min_total: "0.0001" }
apis:
  - name: soak
    payee: ${payee}
    mount: /soak
    upstream: http://127.0.0.1:${upstreamPort}
    price: "0.000001"
    timeout: 10s
    routes:
      - { match: "GET /fault/hang", price: "0.000001", timeout: 2s }
      - { match: "GET /item/:id", price: "0.0000005" }
      - { match: "POST /up/:id", price: "0.000002" }
      - { match: "GET /dear", price: "${dear}" }
      - { match: "GET /live", websocket: { price: "0.000001", per: message } }
`;
}
