import { Command } from 'commander';
import type { Cli } from './cli.ts';
import {
  type KeyOptions,
  keyOf,
  pinnedGateway,
  type TargetOptions,
  withKeyOption,
  withTargetOptions,
} from './target.ts';
import { signLogin } from './wallet-token.ts';

/** For the gateway's page: it shows a login transaction, and wants it back signed. */
export function signLoginCommand(cli: Cli): Command {
  return withKeyOption(withTargetOptions(new Command('sign-login')))
    .argument('<transaction>', 'the login transaction that the page shows')
    .description('sign a login transaction for the gateway’s page, and nothing that is not one; prints it signed')
    .action(async (transaction: string, options: TargetOptions & KeyOptions) => {
      const state = await pinnedGateway(cli, options);
      const { secret } = keyOf(cli, options, state);
      const { gateway, passphrase, loginKey: serverKey } = state;
      cli.out(await signLogin({ gateway, passphrase, serverKey, secret, clock: cli.clock }, transaction));
    });
}
