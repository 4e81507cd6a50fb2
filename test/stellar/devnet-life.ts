import { expect } from 'vitest';
import { units } from '../../src/money.ts';
import { contractCall } from '../../src/stellar/account-transactions.ts';
import { addressValue, i128Value } from '../../src/stellar/contract-values.ts';
import { accountOf, addressOf, type Chain, createMoneyRig, deposit, secretOf } from './devnet-rig.ts';

/**
 * Lives a random life on the embedded network: people deposit, call, cut limits, leave; payees come and go; the gateway
 * settles, pays out, dies and comes back; the line to the network is bad. At the end nothing may be off.
 */
export async function live(
  chain: Chain,
  steps: number,
  random: () => number,
): Promise<{ settled: bigint; batches: number }> {
  const rig = createMoneyRig(chain);
  const people = ['alice', 'bob'];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const amount = (most: number) => units(1 + Math.floor(random() * most));
  const quietly = async (work: () => Promise<unknown>) => {
    // Refusals and lost answers are part of life; only the books at the end decide.
    await work().catch(() => undefined);
  };
  const byAdmin = (fn: string, payee: string) =>
    chain.submitter.submit({
      operation: contractCall(chain.vaultAddress, fn, [addressValue(addressOf(payee))]),
      secret: secretOf('admin'),
    });

  const acts: [weight: number, act: () => Promise<unknown>][] = [
    [8, () => deposit(chain, pick(people), units(1_000n + amount(500_000)), addressOf(pick(people)))],
    [40, () => rig.call(addressOf(pick(people)), amount(40_000), addressOf(pick(['payee', 'payee', 'late payee'])))],
    [20, () => rig.catchUp()],
    [20, () => rig.settler.turn()],
    [4, () => accountOf(chain, pick(people)).setLimit(amount(400_000))],
    [3, async () => accountOf(chain, pick(people)).requestWithdraw(amount(100_000))],
    [1, () => accountOf(chain, pick(people)).cancelWithdraw()],
    [2, () => chain.devnet.advanceTime(pick([60, 3_600, 90_000]))],
    [
      3,
      async () => {
        const name = pick(people);
        return accountOf(chain, name).withdraw(addressOf(name));
      },
    ],
    [2, () => byAdmin('add_payee', 'late payee')],
    [1, () => byAdmin('remove_payee', 'late payee')],
    [3, () => rig.payouts.payNow()],
    [
      1,
      () =>
        chain.submitter.submit({
          operation: contractCall(chain.token, 'transfer', [
            addressValue(addressOf('alice')),
            addressValue(chain.vaultAddress),
            i128Value(amount(1_000)),
          ]),
          secret: secretOf('alice'),
        }),
    ],
    [4, async () => rig.restart()],
    [
      3,
      async () =>
        chain.devnet.setFault(
          'sendTransaction',
          { kind: pick(['drop-reply-after-apply', 'refuse'] as const) },
          { times: 1 },
        ),
    ],
    [
      3,
      async () =>
        chain.devnet.setFault(
          pick(['getTransaction', 'getEvents', 'simulateTransaction']),
          { kind: 'error', message: 'busy' },
          { times: 1 },
        ),
    ],
  ];
  const total = acts.reduce((sum, [weight]) => sum + weight, 0);
  for (let step = 0; step < steps; step++) {
    let ticket = random() * total;
    for (const [weight, act] of acts) {
      ticket -= weight;
      if (ticket >= 0) continue;
      await quietly(act);
      break;
    }
  }

  for (const method of ['sendTransaction', 'getTransaction', 'getEvents', 'simulateTransaction']) {
    chain.devnet.setFault(method, undefined);
  }
  await chain.devnet.advanceTime(100);
  await rig.catchUp();
  const report = await rig.settler.settleNow({ timeoutMs: 20_000 });
  expect(report).toMatchObject({ done: true });
  const books = await rig.reconcile();
  expect(books.checks.filter((check) => check.off !== 0n)).toEqual([]);
  rig.restart();
  expect((await rig.reconcile()).unitsOff).toBe(0n);
  const settled = books.accounts.reduce((sum, line) => sum + line.settled, 0n);
  return { settled, batches: rig.store.batches.lastNumber(0) };
}
