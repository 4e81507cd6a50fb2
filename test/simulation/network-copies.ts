import { units } from '../../src/money.ts';
import { KeptLedgers } from './kept-ledgers.ts';
import { type Contracts, found, onGround, openGround, type SimNetwork } from './network.ts';

/** A network in its first ledgers: contracts stand, and every consumer has paid in once. */
type Beginning = { kept: KeptLedgers; contracts: Contracts };

const beginnings = new Map<string, Promise<Beginning>>();

/** What every consumer has paid in when a life begins. */
export const firstDeposit = 100_000n;

/**
 * The network of this name in its first ledgers, which are made once: to fund, to deploy and to pay in takes longer than a
 * short life. Whatever happens on a copy is seen on no other.
 */
export async function copyNetwork(name: string): Promise<SimNetwork> {
  const making = beginnings.get(name) ?? begin(name);
  beginnings.set(name, making);
  const { kept, contracts } = await making;
  return onGround(openGround(name, kept), contracts);
}

async function begin(name: string): Promise<Beginning> {
  const kept = new KeptLedgers();
  const ground = openGround(name, kept);
  const contracts = await found(ground);
  for (const consumer of onGround(ground, contracts).consumers) {
    const { status } = await consumer.deposit(consumer.address, units(firstDeposit));
    if (status !== 'landed') throw new Error(`a first deposit is ${status}`);
  }
  kept.stop(ground.chain.host);
  return { kept, contracts };
}
