import { expect } from 'vitest';
import type { Life } from './life.ts';

/** At the end of a life, when nothing is owed or under way any more: the vault has taken and owes what the model says. */
export async function compareWithVault(life: Life): Promise<void> {
  const { network, model } = life;
  const { core } = await life.alive();
  for (const { address } of network.consumers) {
    const chain = await network.vault.account(address);
    const { deposited, withdrawn, elsewhere } = model.account(address);
    const used = model.net({ account: address }) + elsewhere;
    // A debt of which a lost process may have collected a part is given up whole; nothing else is.
    const givenUp = core.ledger.account(address)?.writtenOff ?? 0n;
    const settled = chain.settled < used && chain.settled + givenUp >= used ? chain.settled : used;
    expect({ deposited: chain.deposited, withdrawn: chain.withdrawn, settled: chain.settled }).toEqual({
      deposited,
      withdrawn,
      settled,
    });
  }
  for (const payee of network.payees) {
    let [gross, netPaid] = [0n, 0n];
    for (let lane = 0; lane < Math.max(...life.lanes); lane++) {
      const earned = await network.vault.earnings(payee, lane);
      gross += earned.gross;
      netPaid += earned.netPaid;
    }
    const due = model.net({ payee });
    const lost = model.lost({ payee });
    // Which payee a lost process has settled for is guessed from sums: it is wrong by calls that are lost at the most.
    expect(gross >= due - model.lost({}) && gross <= due + model.lost({})).toBe(true);
    if (gross < due || gross > due + lost) life.count('payee guessed wrong');
    const paid = core.store.payouts.list({ payee, limit: 10_000 }).filter(({ state }) => state === 'paid');
    expect(paid.reduce((sum, { amount }) => sum + amount, 0n) <= netPaid).toBe(true);
  }
  const { checks } = await core.books('simulation').reconcile();
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
}
