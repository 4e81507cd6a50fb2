import path from 'node:path';
import { Command } from 'commander';
import type { Cli } from './cli.ts';
import { writeState } from './consumer-state.ts';
import { readKeyFile } from './key-file.ts';
import { printJson } from './output.ts';
import { pinnedGateway, type TargetOptions, withTargetOptions } from './target.ts';
import { readStellarToml, walletToken } from './wallet-token.ts';

export function loginCommand(cli: Cli): Command {
  return withTargetOptions(new Command('login'))
    .description('prove a key to a gateway and get an access token; prints the token and nothing else')
    .requiredOption('--key <file>', 'file with the S… seed of the account')
    .option('--json', 'print JSON for programs')
    .action(async (options: TargetOptions & { key: string; json?: boolean }) => {
      const key = readKeyFile(cli, options.key);
      const state = await pinnedGateway(cli, options);
      const { gateway, passphrase, vault, loginKey } = state;
      const token = await walletToken({
        gateway,
        secret: key.secret,
        passphrase,
        serverKey: loginKey,
        clock: cli.clock,
      });
      const { signingKey } = await readStellarToml(gateway);
      writeState(cli.stateDir, {
        ...state,
        loginKey: loginKey ?? signingKey,
        keyFile: path.resolve(options.key),
        tokens: { ...state.tokens, [key.address]: token },
      });
      if (options.json) printJson(cli, { gateway, account: key.address, vault, network_passphrase: passphrase, token });
      else cli.out(token);
    });
}
