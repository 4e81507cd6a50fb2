import { Command } from 'commander';
import { atLeastZero, formatUsdc, parseUsdc, storedUnitsMax, subtract, type Units, unitsMax, zero } from '../money.ts';
import { createAccountTransactions } from '../stellar/account-transactions.ts';
import { createVault } from '../stellar/vault-client.ts';
import type { VaultAccount } from '../stellar/vault-views.ts';
import { connect, requireLanded } from './chain.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';
import { printFields, printJson } from './output.ts';
import { findTarget, type KeyOptions, keyOf, type TargetOptions, withKeyOption, withTargetOptions } from './target.ts';

type LimitOptions = TargetOptions & KeyOptions & { json?: boolean };

export function limitCommand(cli: Cli): Command {
  return withKeyOption(withTargetOptions(new Command('limit')))
    .argument('[amount]', 'USDC per period, or none; shows the limit without it')
    .description('what the gateway may take per period; a raise binds at once, a cut after the withdrawal delay')
    .option('--json', 'print JSON for programs')
    .action(async (text: string | undefined, options: LimitOptions) => {
      const perPeriod = text === undefined ? undefined : readLimitAmount(text);
      const target = await findTarget(cli, options);
      const key = keyOf(cli, options, target.state);
      const { rpc, submitter } = connect(cli, target);
      await rpc.verifyNetwork();
      const transactions = createAccountTransactions({ submitter, vault: target.vault, secret: key.secret });
      const landed =
        perPeriod === undefined
          ? undefined
          : requireLanded('change of the limit', await transactions.setLimit(perPeriod));
      const vault = createVault({ rpc, vault: target.vault });
      const [account, info, latest] = await Promise.all([vault.account(key.address), vault.info(), rpc.latestLedger()]);
      const result = {
        account: key.address,
        ...limitView(account, info.config.limitPeriodS, latest.closedAtS),
        ...(landed ? { tx_hash: landed.hash } : {}),
      };
      if (options.json) printJson(cli, result);
      else printFields(cli, result);
    });
}

/** The limit, a cut that waits, and the use of the period that runs now by the chain's clock. */
export function limitView(account: VaultAccount, periodS: number, nowS: number): Record<string, string | null> {
  const period = Math.floor(nowS / periodS);
  const used = account.period === period ? account.used : zero;
  const time = (seconds: number) => new Date(seconds * 1000).toISOString();
  return {
    limit: limitText(account.limit),
    pending_limit: account.pendingLimit === undefined ? null : limitText(account.pendingLimit),
    pending_from: account.pendingLimit === undefined ? null : time(account.pendingLimitAtS),
    used_this_period: formatUsdc(used),
    left_this_period: account.limit === unitsMax ? 'no limit' : formatUsdc(atLeastZero(subtract(account.limit, used))),
    period_ends: time((period + 1) * periodS),
  };
}

export function limitText(limit: Units): string {
  return limit === unitsMax ? 'none' : formatUsdc(limit);
}

/** The same for a figure of the books: the most that they can hold stands for no limit. */
export function bookedLimitText(limit: string): string {
  return limit === formatUsdc(storedUnitsMax) ? 'none' : limit;
}

function readLimitAmount(text: string): Units {
  if (text === 'none') return unitsMax;
  const amount = parseUsdc(text);
  if (amount !== undefined) return amount;
  throw new CliError('usage', `${text} is no amount of USDC; write it like 10 or 0.5, or none`);
}
