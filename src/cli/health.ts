import { Command } from 'commander';
import { adminUrl } from './admin-client.ts';
import type { Cli } from './cli.ts';
import { readConfig, withConfigOption } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { reasonOf } from './gateway-client.ts';

/** What the health check of a container waits for. */
const answerMs = 5_000;

export function healthCommand(cli: Cli): Command {
  return withConfigOption(new Command('health'))
    .description('ask the gateway of this config file whether it lives; exits 0 when it does')
    .option('--ready', 'whether it may be sent calls, too')
    .action(async (options: { config: string; ready?: boolean }) => {
      const { admin } = readConfig(cli, options.config);
      const address = `${adminUrl(admin.listen)}${options.ready ? '/readyz' : '/healthz'}`;
      const answer = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(answerMs) }).catch(
        (error: unknown) => {
          throw new CliError('unreachable', `${address} does not answer: ${reasonOf(error)}`, undefined, {
            cause: error,
          });
        },
      );
      const text = await answer.text();
      if (!answer.ok) throw new CliError('off', `${address} answers ${answer.status}: ${text.trim()}`);
      cli.out(text.trim());
    });
}
