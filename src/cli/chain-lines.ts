import { atLeastZero, formatUsdc, subtract, type Units, units, zero } from '../money.ts';
import { findSettlement, type SettledCall } from '../stellar/settle-call.ts';
import { connect } from './chain.ts';
import type { Cli } from './cli.ts';
import { amountOf, type SettledLine } from './leaf-sums.ts';
import type { Target } from './target.ts';

export type Place = { lane: number; batch: number };

/**
 * The lines of one account in a settlement, read over the consumer's own RPC server: its event leads to its transaction,
 * whatever anybody says which that is. Undefined when the server's history holds no such settlement.
 */
export async function readChainLines(
  cli: Pick<Cli, 'clock'>,
  target: Target,
  place: Place,
  account: string,
): Promise<ChainLine[] | undefined> {
  const { rpc } = connect(cli, target);
  await rpc.verifyNetwork();
  const call = await findSettlement(rpc, target.vault, place);
  return call && chainLines(call, account);
}

/** What an account was asked for and gave, by the settlement's own transaction. */
export type ChainLine = { payee: string; amount: string; taken: string };

export function chainLines(call: SettledCall, account: string): ChainLine[] {
  const own = call.lines.filter((line) => line.account === account);
  return own.map(({ payee, amount, taken }) => ({
    payee,
    amount: formatUsdc(units(amount)),
    taken: formatUsdc(units(taken < 0n ? 0n : taken)),
  }));
}

/** Where the gateway tells another story of a settlement than its transaction does; empty when it does not. */
export function faultsOfChain(told: readonly SettledLine[], onChain: readonly ChainLine[]): string[] {
  const faults: string[] = [];
  for (const { payee, amount, taken } of onChain) {
    const line = told.find((each) => each.payee === payee);
    if (line && line.amount === amount && line.taken === taken) continue;
    const said = line ? `${line.amount} asked and ${line.taken ?? 'nothing'} taken` : 'nothing of it';
    faults.push(`the vault was asked for ${amount} USDC for ${payee} and took ${taken}; the gateway tells of ${said}`);
  }
  for (const { payee } of told) {
    if (onChain.some((each) => each.payee === payee)) continue;
    faults.push(`the gateway tells of a line for ${payee} that the settlement does not have`);
  }
  return faults;
}

/** What a settlement asked of the account for a payee and did not get: no more of it can be carried over. */
export function shortOf(
  lines: readonly { payee: string; amount: string; taken: string | null }[],
  payee: string,
): Units {
  const line = lines.find((each) => each.payee === payee);
  if (line === undefined) return zero;
  return atLeastZero(subtract(amountOf(line.amount), amountOf(line.taken ?? '0')));
}
