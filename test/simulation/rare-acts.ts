import type { Life } from './life.ts';
import { settledChain } from './settled-chain.ts';

/** What networks, their servers and clocks do now and then. */

/** Transactions fail in their ledger, at times so many that a person has to look. */
export async function failOnChain(life: Life): Promise<void> {
  life.network.chain.failNext(1 + life.random.below(4));
  life.count('transactions to fail');
}

/** More is asked of everybody than most would pay, for a while. */
export async function surge(life: Life): Promise<void> {
  life.network.chain.waiting.setFloor('soroban', BigInt(life.random.pick([10_000, 1_000_000, 100_000_000])));
  life.count('surge');
}

/** As `callora settle now`: what waits is settled although it is little. */
export async function settleByHand(life: Life): Promise<void> {
  const gateway = await life.alive();
  await life.soon(gateway.run(gateway.core.settler.settleNow({ timeoutMs: 0 })));
  life.count('settlement by hand');
}

/** Over for whoever waited it out. */
export async function calm({ network }: Life): Promise<void> {
  network.calm();
}

/** The servers forget all but the newest ledgers, also of a batch on its way. What a next process would read again stays. */
export async function pruneHistory(life: Life): Promise<void> {
  const { network } = life;
  const gateway = await life.alive();
  const { history } = network.chain;
  const read = gateway.core.store.db.prepare<[], number>('SELECT ledger FROM cursors').pluck().all();
  // Neither the vault's events nor classic payments may miss one.
  const to = read.length < 3 ? 0 : Math.min(...read, history.latest().sequence - 1);
  if (to <= history.oldest().sequence) return;
  // An auditor has kept what the vault told.
  for (const [lane, values] of life.chainValues.entries()) {
    for (const [batch, value] of await settledChain(network, lane)) values.set(batch, value);
  }
  history.prune(to);
  life.count('history pruned');
}

/** Time never orders money: the wall clock of the machine is set, back or ahead. */
export async function setClock(life: Life): Promise<void> {
  const days = life.random.pick([-3, -0.1, 0.1, 3, 400]);
  life.network.setClock(days * 86_400_000);
  life.count('clock set');
}
