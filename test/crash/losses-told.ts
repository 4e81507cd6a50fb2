import type { LossReport } from './losses.ts';
import { priceUnits } from './shop.ts';

/** A line that tells what was played. */
export function told({ losses, end }: LossReport): string {
  const sum = (of: (loss: LossReport['losses'][number]) => number) => losses.reduce((all, loss) => all + of(loss), 0);
  const served = end.served.size + sum((loss) => loss.served.size);
  const inFlight = sum((loss) => loss.inFlight);
  const unknown = sum((loss) => Number(loss.settledElsewhere - (elsewhereBefore(loss) ?? 0n)) / Number(priceUnits));
  const unbilled = sum(unbilledCalls);
  const landed = losses.filter(({ landedAfter }) => landedAfter).length;
  const exits = losses.filter(({ exitLanded }) => exitLanded).length;
  return [
    `${losses.length} losses (${ways(losses)}): ${served} served, ${inFlight} in flight at the losses`,
    `${landed} batches that had landed or did so afterwards, ${exits} exits that landed afterwards`,
    `${unknown} calls settled and unknown to the books that came back, ${unbilled} neither known nor settled`,
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

/** Calls that are lost to the payee: charged in the books that were lost, in no batch that landed, and not in the copy. */
function unbilledCalls({ lost, accounts }: LossReport['losses'][number]): number {
  const units = accounts.reduce((sum, { address, asked }) => {
    const { net = 0n, elsewhere = 0n } = lost.accounts.get(address) ?? {};
    return sum + net + elsewhere - asked;
  }, 0n);
  return Number(units / priceUnits);
}
