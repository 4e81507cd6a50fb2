import type { Command } from 'commander';
import { formatUsdc, units } from '../money.ts';
import type { Cli } from './cli.ts';
import { readAmount } from './deposit.ts';
import { type ActOptions, keyOfRole, openVault, perform, readAddress, withActOptions } from './vault-act.ts';

/** Gives back what was sent to the vault without a deposit: what it holds beyond what it owes, and nothing else. */
export function sweepCommand(cli: Cli, vault: Command): void {
  withActOptions(vault.command('sweep'))
    .argument('<amount>', 'USDC')
    .requiredOption('--to <address>', 'who gets it: most often who sent it')
    .description('take tokens out that are nobody’s; `deposits list --unattributed` shows who sent them')
    .action(async (text: string, options: ActOptions & { to: string }) => {
      const amount = readAmount(text);
      const to = readAddress('receiver', options.to);
      const at = await openVault(cli, options);
      const key = keyOfRole(cli, at, options, { admin: true });
      const { tokens, liabilities } = await at.vault.coverage(at.info.token);
      const nobodys = units(tokens - liabilities);
      const seen = {
        vault_held: formatUsdc(tokens),
        vault_owed: formatUsdc(liabilities),
        nobodys: formatUsdc(nobodys),
        nobodys_after: formatUsdc(units(nobodys - amount)),
      };
      const title = `sweep ${formatUsdc(amount)} USDC to ${to}`;
      const danger = `of ${seen.nobodys} USDC that are nobody’s; only the receiver can bring it back`;
      await perform(cli, at, key, options, { title, act: { kind: 'sweep', to, amount }, danger, seen });
    });
}
