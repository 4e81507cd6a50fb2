import { formatUsdc, units } from '../../src/money.ts';
import type { LossReport } from './losses.ts';

/** A line that tells what was played. */
export function told({ losses, end }: LossReport): string {
  const sum = (of: (loss: LossReport['losses'][number]) => number) => losses.reduce((all, loss) => all + of(loss), 0);
  const usdc = (of: (loss: LossReport['losses'][number]) => bigint) =>
    formatUsdc(units(losses.reduce((all, loss) => all + of(loss), 0n)));
  const served = end.served.size + sum((loss) => loss.served.size);
  const inFlight = sum((loss) => loss.inFlight);
  const unknown = usdc((loss) => loss.settledElsewhere - elsewhereBefore(loss));
  const landed = losses.filter(({ landedAfter }) => landedAfter).length;
  const exits = losses.filter(({ exitLanded }) => exitLanded).length;
  return [
    `${losses.length} losses (${ways(losses)}): ${served} served, ${inFlight} in flight at the losses`,
    `${landed} batches that had landed or did so afterwards, ${exits} exits that landed afterwards`,
    `${unknown} USDC settled for calls that the books that came back do not know, ${usdc(unbilled)} USDC of calls neither known nor settled`,
  ].join('; ');
}

function ways(losses: LossReport['losses']): string {
  const counts = Map.groupBy(losses, ({ way }) => way);
  return [...counts].map(([way, each]) => `${each.length} × ${way}`).join(', ');
}

/** What the books that came back already held as settled elsewhere. */
function elsewhereBefore({ copy }: LossReport['losses'][number]): bigint {
  return [...(copy?.accounts.values() ?? [])].reduce((sum, { elsewhere }) => sum + elsewhere, 0n);
}

/** Price of the calls that are lost to the payees: charged in the books that were lost, in no batch that landed, and not in the copy. */
function unbilled({ lost, accounts }: LossReport['losses'][number]): bigint {
  return accounts.reduce((sum, { address, asked }) => {
    const { net = 0n, elsewhere = 0n } = lost.accounts.get(address) ?? {};
    return sum + net + elsewhere - asked;
  }, 0n);
}
