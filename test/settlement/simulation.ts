import { expect } from 'vitest';
import { addressOf, createSettlementRig, type SettlementRig } from './rig.ts';
import type { SendFault } from './scripted-chain.ts';

/** Anything that can go wrong between the settler and the chain, one step at a time. */
export type Step =
  | { do: 'charge'; account: number; payee: number; price: number }
  | { do: 'turn' }
  | { do: 'ledgers'; seconds: number }
  | { do: 'faults'; faults: SendFault[] }
  | { do: 'congest' | 'flow' | 'fail' | 'lose_look_ups' | 'hide_events' | 'watch' | 'crash' | 'lag' };

export const sendFaults: SendFault[] = [
  'pending',
  'reply_lost',
  'request_lost',
  'bad_gateway_stored',
  'duplicate',
  'try_again_stored',
  'try_again_lost',
  'error_lost',
  'error_stored',
];

const accounts = [0, 1, 2].map((index) => addressOf(`account ${index}`));
const payees = [0, 1].map((index) => addressOf(`payee ${index}`));

/** Plays a script, then lets the network recover, and compares chain, database and memory. Returns the batches settled. */
export async function simulate(steps: Step[]): Promise<number> {
  const rig = createSettlementRig();
  const charged = accounts.map(() => 0n);
  for (const account of accounts) rig.deposit(account, 10n ** 12n);
  for (const step of steps) await play(rig, step, charged);

  Object.assign(rig.chain, {
    congested: false,
    failNext: 0,
    lookUpsLost: 0,
    lagLedgers: 0,
    faults: [],
    showsEvents: true,
  });
  for (let settled = 0; settled < 3; settled++) await rig.run(300);
  rig.watch();
  accounts.forEach((account, index) => {
    expect(rig.chain.accounts.get(account)?.settled).toBe(charged[index]);
    expect(rig.store.accounts.byAddress(account)).toMatchObject({
      settled: charged[index],
      unsettled: 0n,
      receivable: 0n,
    });
    expect(rig.ledger.account(account)).toMatchObject({ settled: charged[index], unsettled: 0n });
  });
  expect(rig.settler.status().lanes.every((lane) => lane.state === 'idle')).toBe(true);
  return rig.chain.lanes.get(0)?.batch ?? 0;
}

async function play(rig: SettlementRig, step: Step, charged: bigint[]): Promise<void> {
  const { chain } = rig;
  switch (step.do) {
    case 'charge':
      rig.charge(accounts[step.account] ?? '', payees[step.payee] ?? '', step.price);
      charged[step.account] = (charged[step.account] ?? 0n) + BigInt(step.price);
      return;
    case 'turn':
      await rig.settler.turn().catch(() => undefined);
      return;
    case 'ledgers':
      chain.close(step.seconds);
      rig.clock.advance(step.seconds * 1000);
      return;
    case 'faults':
      chain.faults.push(...step.faults);
      return;
    case 'congest':
      chain.congested = true;
      return;
    case 'flow':
      chain.congested = false;
      return;
    case 'fail':
      // Two at most: three in a row stop the lane on purpose.
      chain.failNext = Math.min(1, chain.failNext + 1);
      return;
    case 'lose_look_ups':
      chain.lookUpsLost += 2;
      return;
    case 'hide_events':
      chain.showsEvents = !chain.showsEvents;
      return;
    case 'watch':
      rig.watch();
      return;
    case 'crash':
      rig.restart();
      return;
    case 'lag':
      chain.lagLedgers = chain.lagLedgers === 0 ? 2 : 0;
      return;
  }
}
