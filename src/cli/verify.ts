import { Command } from 'commander';
import { type Check, type CheckName, checkTitles, type Evidence, verifyReceipt } from '../dashboard/verify-receipt.ts';
import { createVault } from '../stellar/vault-client.ts';
import { connect } from './chain.ts';
import type { Cli } from './cli.ts';
import { type GatewayState, onlyState, readState } from './consumer-state.ts';
import { CliError } from './exit-codes.ts';
import { askGateway } from './gateway-client.ts';
import { readJsonFile } from './json-file.ts';
import { printJson, printTable } from './output.ts';
import { fetchRoots, type PublishedRoots } from './roots-list.ts';
import { findTarget, originOf, type Target, type TargetOptions, withTargetOptions } from './target.ts';

type VerifyOptions = TargetOptions & {
  roots?: string;
  chain?: string;
  jwks?: string;
  offline?: boolean;
  json?: boolean;
};

export function verifyCommand(cli: Cli): Command {
  return withTargetOptions(new Command('verify'))
    .argument('<receipt>', 'file with a receipt, see `callora receipt --out`')
    .description(
      'check a receipt layer by layer, up to the chain value in the vault; exit code 1 when one does not hold',
    )
    .option('--roots <file>', 'a saved list of roots, see `callora roots --out`; without it the gateway is asked')
    .option('--chain <hex>', 'the chain value to arrive at; without it the vault is asked over RPC')
    .option('--jwks <file>', 'saved keys of the gateway; without it the gateway is asked')
    .option('--offline', 'ask nobody: check what the files given allow')
    .option('--json', 'print JSON for programs')
    .action(async (file: string, options: VerifyOptions) => {
      const { checks, off } = await checkReceipt(cli, options, readJsonFile(file));
      if (options.json) printJson(cli, { ok: off.length === 0, checks });
      else printChecks(cli, checks);
      if (off.length > 0) throw new CliError('off', `${off.length} of ${checks.length} checks do not hold`);
    });
}

/** All layers of one receipt; `off` are those that failed, and those that were asked for and could not be checked. */
export async function checkReceipt(
  cli: Cli,
  options: VerifyOptions,
  receipt: unknown,
): Promise<{ checks: Check[]; off: Check[] }> {
  const { evidence, asked } = options.offline
    ? fromFiles(cli, options)
    : await fromEverywhere(cli, options, placeOf(receipt));
  const checks = await verifyReceipt(receipt, evidence);
  return { checks, off: checks.filter(({ name, state }) => state === 'failed' || (state !== 'ok' && asked.has(name))) };
}

/** Leaf and path alone, of many leaves that lead to one root. */
export async function leadsTo(root: string, vault: string, receipts: readonly { root: string }[]): Promise<boolean> {
  for (const receipt of receipts) {
    const checks = await verifyReceipt(receipt, { vault });
    const held = new Map(checks.map(({ name, state }) => [name, state]));
    const names = ['vault', 'leaf', 'path'] as const;
    if (receipt.root !== root || !names.every((name) => held.get(name) === 'ok')) return false;
  }
  return true;
}

/** What is to hold: all that the evidence reaches, and a receipt that stops short of it fails. */
type Gathered = { evidence: Evidence; asked: Set<CheckName> };

const always: CheckName[] = ['form', 'leaf'];

function fromFiles(cli: Cli, options: VerifyOptions): Gathered {
  const { roots, chain, jwks } = options;
  const pinned = options.vault === undefined ? pinnedState(cli, options) : undefined;
  const vault = options.vault ?? pinned?.vault;
  const asked = new Set(always);
  if (vault !== undefined) asked.add('vault');
  if (roots !== undefined) for (const name of ['path', 'list', 'fold'] as const) asked.add(name);
  if (chain !== undefined) asked.add('chain');
  if (jwks !== undefined) asked.add('signature');
  const evidence = { ...filesOf(options), vault, networkPassphrase: pinned?.passphrase };
  return { evidence, asked };
}

async function fromEverywhere(cli: Cli, options: VerifyOptions, place: Place | undefined): Promise<Gathered> {
  const target = await findTarget(cli, options);
  const gateway = target.state?.gateway;
  const files = filesOf(options);
  const evidence: Evidence = { ...files, vault: target.vault, networkPassphrase: target.passphrase };
  const asked = new Set<CheckName>([...always, 'vault', 'path', 'list', 'fold', 'chain']);
  if (place) {
    evidence.chain ??= await chainOf(cli, target, place.lane);
    if (evidence.roots === undefined && gateway === undefined) {
      throw new CliError(
        'usage',
        'no list of roots',
        'Give a saved one with --roots FILE: a vault keeps only its last root.',
      );
    }
    if (gateway !== undefined) evidence.roots ??= await rootsUpTo(cli, gateway, place, evidence.chain.batch);
  }
  if (gateway !== undefined) evidence.jwks ??= await askGateway(gateway, '/.well-known/jwks.json');
  if (evidence.jwks !== undefined) asked.add('signature');
  return { evidence, asked };
}

function filesOf({ roots, chain, jwks }: VerifyOptions): Pick<Evidence, 'roots' | 'chain' | 'jwks'> {
  if (chain !== undefined && !/^[0-9a-f]{64}$/.test(chain)) {
    throw new CliError('usage', '--chain is not 32 bytes in lower-case hex');
  }
  return {
    roots: roots === undefined ? undefined : readJsonFile(roots),
    chain: chain === undefined ? undefined : { value: chain },
    jwks: jwks === undefined ? undefined : readJsonFile(jwks),
  };
}

async function chainOf(cli: Cli, target: Target, lane: number): Promise<{ value: string; batch: number }> {
  const { rpc } = connect(cli, target);
  await rpc.verifyNetwork();
  const { batch, chain } = await createVault({ rpc, vault: target.vault }).lastBatch(lane);
  return { value: chain, batch };
}

/** How long a gateway may take to see a batch that the vault already has. */
const behindMaxMs = 20_000;
const pollMs = 500;

/** From the receipt's batch on: the value before it may be anything, since no other start leads to the vault's value. */
async function rootsUpTo(cli: Cli, gateway: string, place: Place, batch: number | undefined): Promise<PublishedRoots> {
  const endMs = cli.clock.monotonicMs() + behindMaxMs;
  for (;;) {
    const list = await fetchRoots(cli.clock, gateway, place.lane, place.batch - 1);
    const last = list.parts.at(-1);
    const reached = (last?.after.batch ?? 0) + (last?.roots.length ?? 0);
    if (batch === undefined || reached >= batch || cli.clock.monotonicMs() >= endMs) return list;
    await cli.clock.sleep(pollMs);
  }
}

function pinnedState(cli: Cli, { gateway }: VerifyOptions): GatewayState | undefined {
  if (gateway !== undefined) return readState(cli.stateDir, originOf(gateway));
  try {
    return onlyState(cli.stateDir);
  } catch (error) {
    if (error instanceof CliError && error.kind === 'usage') return undefined;
    throw error;
  }
}

type Place = { lane: number; batch: number };

/** Only to know what to ask for; the verifier reads the receipt itself. */
function placeOf(receipt: unknown): Place | undefined {
  const { lane, batch } = (typeof receipt === 'object' && receipt !== null ? receipt : {}) as Partial<Place>;
  const placed = Number.isSafeInteger(lane) && Number.isSafeInteger(batch);
  return placed && lane !== undefined && batch !== undefined && lane >= 0 && batch > 0 ? { lane, batch } : undefined;
}

function printChecks(cli: Cli, checks: Check[]): void {
  const words = { ok: 'ok', failed: 'FAILED', not_checked: 'not checked' };
  printTable(
    cli,
    checks,
    [
      { title: 'check', value: ({ name }) => checkTitles[name] },
      { title: 'result', value: ({ state }) => words[state] },
      { title: 'detail', value: ({ detail }) => detail },
    ],
    '',
  );
}
