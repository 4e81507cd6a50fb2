import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Keypair, type xdr } from '@stellar/stellar-sdk';
import { type FakeClock, fakeClock } from '../../src/clock.ts';
import { createPast, type Past } from '../../src/devnet/faults/past.ts';
import { createFriendbot } from '../../src/devnet/friendbot/friendbot.ts';
import { type Chain, createChain } from '../../src/devnet/ledger/chain.ts';
import { GENESIS_TIME_S } from '../../src/devnet/ledger/chain-time.ts';
import { createNetwork, derivedKeypair, type Network } from '../../src/devnet/ledger/network.ts';
import { compileSorobanHost } from '../../src/devnet/soroban-host.ts';
import { units, unitsMax } from '../../src/money.ts';
import { type AccountTransactions, createAccountTransactions } from '../../src/stellar/account-transactions.ts';
import { deployVault } from '../../src/stellar/deploy.ts';
import { createRpc, type Rpc } from '../../src/stellar/rpc.ts';
import { createSubmitter, type SubmitOutcome } from '../../src/stellar/submitter.ts';
import { createTestAsset } from '../../src/stellar/test-asset.ts';
import { publicKeyOf } from '../../src/stellar/transactions.ts';
import { type VaultAct, vaultActOperation } from '../../src/stellar/vault-acts.ts';
import { createVault, type Vault } from '../../src/stellar/vault-client.ts';
import { never } from '../support/never.ts';
import { createHorizonLine, horizonUrl } from './horizon-line.ts';
import { type KeptLedgers, listenFromThen } from './kept-ledgers.ts';
import { createLine, type Line } from './line.ts';

export type SimNetwork = {
  chain: Chain;
  clock: FakeClock;
  passphrase: string;
  vaultAddress: string;
  operatorSecret: string;
  adminAddress: string;
  /** The vault's admin, from a machine of his own. */
  act(act: VaultAct): Promise<SubmitOutcome>;
  submit(operation: xdr.Operation): Promise<SubmitOutcome>;
  payees: string[];
  /** Who deposit and leave; each acts on chain by itself, over a line without faults. */
  consumers: Consumer[];
  vault: Vault;
  rpc: Rpc;
  /** A server of another provider, where the gateway is told of one. */
  secondRpcUrl?: string;
  /** How many lanes a gateway on it is told to use; one by default. */
  lanes?: number;
  /** Level of durability of a gateway on it; `process` by default. */
  durability?: 'process' | 'disk' | undefined;
  token: string;
  /** The classic asset behind the token. */
  usdc: { code: string; issuer: string };
  /** G… address that wallets pay, and its seed. */
  depositAccount: string;
  depositSecret: string;
  line(rules: Line): typeof fetch;
  /** Time passes on chain and in the gateway alike. */
  pass(seconds: number): void;
  /** Whatever was wrong with the network, its fees or the gateway's clock is over. */
  calm(): void;
  /** Somebody sets the wall clock of the gateway's machine. */
  setClock(byMs: number): void;
};

export type Consumer = AccountTransactions & { secret: string; name: string };

export const withdrawDelayS = 4 * 3_600;
export const upgradeDelayS = 2 * withdrawDelayS;
export const limitPeriodS = 24 * 3_600;
/** What each consumer holds outside the vault at the beginning. */
export const fundsUnits = units(1_000_0000000n);
export const minDepositUnits = units(100n);

const hostModule = compileSorobanHost();
const wasm = readFileSync(path.resolve(import.meta.dirname, '../../contracts/dist/vault.wasm'));
export const rpcUrl = 'http://simulated.invalid/rpc';
const consumerNames = ['ann', 'ben', 'cy'];

/** A network of its own for each run: the real contract on the real host, in this process, on a clock that a script moves. */
export async function startNetwork(seed: string): Promise<SimNetwork> {
  const ground = openGround(seed, undefined);
  return onGround(ground, await found(ground));
}

/** The vault's code under another hash for each number: with a section that nobody reads. */
export function sameInterface(number: number): Buffer {
  return Buffer.concat([wasm, Buffer.from([0x00, 0x02, 0x01, 0x30 + number])]);
}

type Ground = {
  network: Network;
  clock: FakeClock;
  /** How far the gateway's wall clock is set ahead of the network's time. */
  wall: { aheadMs: number };
  chain: Chain;
  past: Past;
  line: SimNetwork['line'];
};

/** The chain and the ways to its servers; what `kept` holds of an earlier one is there from the beginning. */
export function openGround(seed: string, kept: KeptLedgers | undefined): Ground {
  const clock = fakeClock(GENESIS_TIME_S * 1000);
  const network = createNetwork('a simulated network', seed);
  const time = { kind: 'steps', genesisTimeS: GENESIS_TIME_S, ledgerSeconds: 5 } as const;
  const chain = createChain({ network, hostModule, clock, automine: true, time, ...kept?.onward() });
  const past = createPast({ entries: chain.entries, onClosed: (listener) => listenFromThen(chain, kept, listener) });
  const wall = { aheadMs: 0 };
  const follow = (closeTimeS: number) => clock.advance(Math.max(0, closeTimeS * 1000 + wall.aheadMs - clock.nowMs()));
  follow(chain.history.latest().closeTimeS);
  chain.onClosed(({ record }) => follow(record.closeTimeS));
  const horizonLine = createHorizonLine(chain, past, clock);
  const line = (rules: Line): typeof fetch => {
    const [toRpc, toHorizon] = [createLine(chain, past, rules), horizonLine(rules)];
    return (url, init) => (String(url).startsWith(horizonUrl) ? toHorizon(url, init) : toRpc(url, init));
  };
  return { network, clock, wall, chain, past, line };
}

/** Contracts that stand on a network. */
export type Contracts = {
  token: string;
  code: string;
  issuer: string;
  vaultAddress: string;
  payees: string[];
  depositAccount: string;
  secrets: Secrets;
};

/** Accounts, the asset with its holders, and the vault. */
export async function found(ground: Ground): Promise<Contracts> {
  const { chain, network } = ground;
  const { rpc, submitter } = clientsOf(ground);
  const secrets = await fundAll(chain, network, [
    'admin',
    'operator',
    'issuer',
    'treasury',
    'payee',
    'payee 2',
    'deposits',
    ...consumerNames,
  ]);
  const { contract, code, issuer } = await createTestAsset(
    { rpc, submitter },
    {
      code: 'USDC',
      issuerSecret: secrets.issuer,
      holders: [
        ...consumerNames.map((name) => ({ secret: secrets[name] ?? '', amount: fundsUnits })),
        ...['payee', 'treasury', 'deposits'].map((name) => ({ secret: secrets[name] ?? '', amount: units(0n) })),
      ],
    },
  );
  const payees = ['payee', 'payee 2'].map((name) => derivedKeypair(network, name).publicKey());
  const vaultAddress = await deploy({ rpc, submitter }, network, secrets, contract, payees);
  const depositAccount = derivedKeypair(network, 'deposits').publicKey();
  return { token: contract, code, issuer, vaultAddress, payees, depositAccount, secrets };
}

/** What everybody out there does with it. */
export function onGround(ground: Ground, contracts: Contracts): SimNetwork {
  const { token, code, issuer, vaultAddress, secrets, payees, depositAccount } = contracts;
  const { network, chain, clock, wall, line } = ground;
  const { rpc, submitter } = clientsOf(ground);
  const secretOf = (name: string) => secrets[name] ?? '';
  return {
    chain,
    clock,
    passphrase: network.passphrase,
    vaultAddress,
    operatorSecret: secretOf('operator'),
    adminAddress: publicKeyOf(secretOf('admin')),
    act: (act) => submitter.submit({ operation: vaultActOperation(vaultAddress, act), secret: secretOf('admin') }),
    submit: (operation) => submitter.submit({ operation, secret: secretOf('admin') }),
    payees,
    consumers: consumerNames.map((name) => {
      const secret = secretOf(name);
      return { ...createAccountTransactions({ submitter, vault: vaultAddress, secret }), secret, name };
    }),
    vault: createVault({ rpc, vault: vaultAddress }),
    rpc,
    token,
    usdc: { code, issuer },
    depositAccount,
    depositSecret: secretOf('deposits'),
    line,
    pass(seconds) {
      chain.advanceTime(seconds);
      chain.closeLedger();
    },
    calm() {
      chain.freeze(false);
      chain.failNext(0);
      for (const lane of ['classic', 'soroban'] as const) chain.waiting.setFloor(lane, 0n);
      this.setClock(-wall.aheadMs);
    },
    setClock(byMs) {
      wall.aheadMs += byMs;
      clock.setWall(clock.nowMs() + byMs);
    },
  };
}

function clientsOf({ chain, clock, line, network }: Ground) {
  const open: Line = { fault: () => undefined, before: async () => undefined, after: async () => undefined };
  // Whoever waits out there lets ledgers close meanwhile, also while the network is congested.
  const waiting = { ...clock, sleep: async () => void chain.closeLedger() };
  const rpc = createRpc({
    url: rpcUrl,
    passphrase: network.passphrase,
    clock: { ...clock, sleep: never },
    fetch: line(open),
  });
  return { rpc, submitter: createSubmitter({ rpc, clock: waiting, feeMaxStroops: 10_000_000 }) };
}

type Secrets = Record<'admin' | 'operator' | 'issuer' | 'treasury', string> & Record<string, string>;

async function fundAll(chain: Chain, network: Network, names: string[]): Promise<Secrets> {
  const friendbot = createFriendbot(chain);
  for (const name of names) await friendbot.fund(derivedKeypair(network, name).publicKey());
  const secrets = Object.fromEntries(names.map((name) => [name, derivedKeypair(network, name).secret()]));
  return { admin: '', operator: '', issuer: '', treasury: '', ...secrets };
}

async function deploy(
  deps: Parameters<typeof deployVault>[0],
  network: Network,
  secrets: Secrets,
  token: string,
  payees: string[],
): Promise<string> {
  const { vault } = await deployVault(deps, {
    wasm,
    adminSecret: secrets.admin,
    operator: Keypair.fromSecret(secrets.operator).publicKey(),
    token,
    treasury: derivedKeypair(network, 'treasury').publicKey(),
    config: {
      feeBps: 100,
      withdrawDelayS,
      upgradeDelayS,
      defaultLimit: units(unitsMax),
      limitPeriodS,
      minDeposit: minDepositUnits,
      lanes: 32,
    },
    payees,
    salt: createHash('sha256').update('simulation').digest(),
  });
  return vault;
}
