import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CliError } from './exit-codes.ts';

/**
 * What a consumer has pinned of a gateway at first sight: network, vault, login key. A gateway that was taken over later
 * cannot send deposits to a vault of its own, and one that vanished cannot keep the money: all that is needed to talk
 * to the vault without it stands here. Tokens are secrets, so the file is its owner's alone.
 */
export type GatewayState = {
  gateway: string;
  passphrase: string;
  vault: string;
  rpcUrl: string | undefined;
  /** It was named with `--rpc`, and is not what the gateway says. */
  rpcChosen?: boolean | undefined;
  loginKey: string | undefined;
  /** Path of the key file used last. */
  keyFile: string | undefined;
  /** Access tokens by account. */
  tokens: Record<string, string>;
};

export function readState(dir: string, gateway: string): GatewayState | undefined {
  return readStateFile(path.join(dir, fileName(gateway)));
}

/** The only gateway ever pinned: what a command means that names none. */
export function onlyState(dir: string): GatewayState {
  const names = listFiles(dir);
  const [only] = names;
  if (names.length === 1 && only !== undefined) {
    const state = readStateFile(path.join(dir, only));
    if (state) return state;
  }
  throw new CliError(
    'usage',
    names.length === 0 ? 'no gateway is known yet' : `${names.length} gateways are known`,
    'Name one with --gateway URL, or give --rpc, --vault and --network to do without.',
  );
}

export function writeState(dir: string, state: GatewayState): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, fileName(state.gateway));
  // A reader sees the old file or the new one, whole.
  writeFileSync(`${file}.next`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  chmodSync(`${file}.next`, 0o600);
  renameSync(`${file}.next`, file);
}

/**
 * Takes what a gateway says now into what is pinned, or refuses: network and vault never change silently. Its RPC server may:
 * operators change theirs, and all that is signed is for the pinned network and vault.
 */
export function pin(
  pinned: GatewayState | undefined,
  said: { gateway: string; passphrase: string; vault: string; rpcUrl: string | undefined },
): GatewayState {
  if (!pinned) return { ...said, loginKey: undefined, keyFile: undefined, tokens: {} };
  for (const [name, before, now] of [
    ['network', pinned.passphrase, said.passphrase],
    ['vault', pinned.vault, said.vault],
  ] as const) {
    if (before === now) continue;
    throw new CliError(
      'refused',
      `${said.gateway} now names the ${name} ${now}, but ${before} was pinned at first use`,
      'Your money is in the old vault, which works without this gateway (--rpc, --vault, --network). ' +
        'Use the new one only if its operator announced it: then remove the state file.',
    );
  }
  return pinned.rpcChosen ? pinned : { ...pinned, rpcUrl: said.rpcUrl ?? pinned.rpcUrl };
}

/** An origin as a file name: two gateways on one host differ by scheme and port. */
function fileName(gateway: string): string {
  return `${gateway.replace(/[^a-z0-9.-]+/gi, '_')}.json`;
}

function listFiles(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => name.endsWith('.json'));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function readStateFile(file: string): GatewayState | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const value = parse(text);
  if (isState(value)) return value;
  throw new CliError('config', `${file} is damaged`, 'Compare it with a backup; removing it forgets what was pinned.');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isState(value: unknown): value is GatewayState {
  if (typeof value !== 'object' || value === null) return false;
  const { gateway, passphrase, vault, tokens } = value as Partial<GatewayState>;
  const texts = [gateway, passphrase, vault].every((text) => typeof text === 'string' && text !== '');
  return texts && typeof tokens === 'object' && tokens !== null;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
