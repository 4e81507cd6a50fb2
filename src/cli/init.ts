import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { createTokenKeys } from '../access/keys.ts';
import { addressKind } from '../catalog/address.ts';
import { resolveNetwork } from '../catalog/network.ts';
import { contractAddress } from '../stellar/deploy.ts';
import { randomSeed } from '../stellar/seeds.ts';
import { publicKeyOf } from '../stellar/transactions.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';
import { defaultSalt, saltOf } from './vault-terms.ts';

type InitOptions = { dir: string; payee?: string; upstream: string };

export function initCommand(cli: Cli): Command {
  return new Command('init')
    .description('make keys, an admin token and a config file for Stellar’s test network')
    .option('--dir <dir>', 'where to; must not hold a set-up yet', '.')
    .option('--payee <address>', 'who is paid for calls; the operator without it')
    .option('--upstream <url>', 'the API to sell', 'http://127.0.0.1:9000')
    .action((options: InitOptions) => init(cli, options));
}

async function init(cli: Cli, options: InitOptions): Promise<void> {
  const kind = addressKind(options.payee ?? '');
  if (options.payee !== undefined && kind !== 'account' && kind !== 'contract') {
    throw new CliError('usage', `--payee ${options.payee} is no G… or C… address`);
  }
  if (!URL.canParse(options.upstream)) throw new CliError('usage', `--upstream ${options.upstream} is no URL`);
  const dir = path.resolve(options.dir);
  const file = (name: string) => path.join(dir, name);
  const made = ['config.yaml', ...secretNames.map((name) => `secrets/${name}`)];
  const there = made.filter((name) => existsSync(file(name)));
  if (there.length > 0) {
    throw new CliError(
      'refused',
      `${dir} already holds ${there.join(', ')}`,
      'Nothing was changed: keys are never overwritten. Choose another folder with --dir.',
    );
  }

  mkdirSync(file('secrets'), { recursive: true, mode: 0o700 });
  const [operator, admin] = [randomSeed(), randomSeed()];
  writeSecret(file('secrets/identity.seed'), randomSeed());
  writeSecret(file('secrets/operator.seed'), operator);
  writeSecret(file('secrets/deposit.seed'), randomSeed());
  writeSecret(file('secrets/vault-admin.seed'), admin);
  writeSecret(file('secrets/admin.token'), randomBytes(32).toString('base64url'));
  await createTokenKeys(file('secrets/tokens.jwks'));
  const network = resolveNetwork('testnet');
  if (!network) throw new Error('the test network has no passphrase');
  const addresses = { operator: publicKeyOf(operator), admin: publicKeyOf(admin) };
  const vault = contractAddress(network.passphrase, addresses.admin, saltOf(defaultSalt));
  const yaml = configText({ vault, payee: options.payee ?? addresses.operator, upstream: options.upstream });
  writeFileSync(file('config.yaml'), yaml, { flag: 'wx', mode: 0o644 });

  cli.out(`Made ${made.map((name) => path.join(options.dir, name)).join(', ')}.`);
  cli.out(nextSteps(path.join(options.dir, 'config.yaml'), addresses));
}

const secretNames = [
  'identity.seed',
  'operator.seed',
  'deposit.seed',
  'vault-admin.seed',
  'admin.token',
  'tokens.jwks',
];

function writeSecret(file: string, text: string): void {
  writeFileSync(file, `${text}\n`, { flag: 'wx', mode: 0o600 });
}

function configText({ vault, payee, upstream }: { vault: string; payee: string; upstream: string }): string {
  return `# Made by \`callora init\` for Stellar's test network. config.example.yaml of the release explains every key.
gateway:
  listen: 127.0.0.1:8402
  # The origin consumers use. Set it before the first token is issued: tokens are made for it.
  # public_url: https://api.example.com
  identity_secret_file: ./secrets/identity.seed
admin:
  listen: 127.0.0.1:8403
  token_file: ./secrets/admin.token
stellar:
  network: testnet
  rpc_url: https://soroban-testnet.stellar.org
  horizon_url: https://horizon-testnet.stellar.org
  # The address that \`callora vault deploy\` will give the vault: it follows from secrets/vault-admin.seed.
  vault: ${vault}
  operator_secret_file: ./secrets/operator.seed
# An account for payments from wallets and exchanges. It needs XLM for fees and a USDC trustline: \`callora check\` says
# what is missing, \`callora deposits trust\` adds the trustline.
# deposits:
#   classic: { secret_file: ./secrets/deposit.seed, min: "1" }
storage:
  path: ./data/callora.db
tokens:
  keys_file: ./secrets/tokens.jwks
apis:
  - name: example
    # Who is paid. The address needs a USDC trustline before it can be paid out.
    payee: ${payee}
    mount: /example
    upstream: ${upstream}
    # Where that is a name of your own network: a name may lead to a private address only with this.
    # allow_private: true
    price: "0.001"
`;
}

function nextSteps(config: string, { operator, admin }: { operator: string; admin: string }): string {
  return `
Next:
  1. Fund the two accounts with test XLM:
       curl 'https://friendbot.stellar.org/?addr=${operator}'
       curl 'https://friendbot.stellar.org/?addr=${admin}'
  2. callora vault deploy --config ${config}
  3. callora check --config ${config}
  4. callora serve --config ${config}

secrets/vault-admin.seed can change who is paid. Keep it away from the machine that serves, and use a multisig account
as the vault's admin where real money is.`;
}
