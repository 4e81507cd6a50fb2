import type { LeftBooks } from './left-books.ts';
import { type AccountAfter, type Generation, type Loss, tooOld, waits } from './loss.ts';
import type { LossEnd } from './losses.ts';

/** What of the promises did not hold over a loss of the books: nothing billed, credited or paid twice, and no word too much. */
export function faultsOfLoss(loss: Loss): string[] {
  const faults = faultsOfGeneration(loss);
  const { way, copy, servedTooEarly, said, accounts, reconciled, settledElsewhere } = loss;
  if (servedTooEarly > 0) faults.push(`${servedTooEarly} calls were served before the books were the vault's again`);
  if (!said.some((why) => waits.test(why))) faults.push('it did not say what it was waiting for');
  if (way === 'its files, put back by hand' && !said.some((why) => tooOld.test(why))) {
    faults.push('it did not say that the vault knows more than its books');
  }
  let elsewhere = 0n;
  for (const account of accounts) {
    faults.push(...faultsOfAccount(account, copy));
    elsewhere += account.asked - (copy?.accounts.get(account.address)?.net ?? 0n);
  }
  if (!reconciled) faults.push('callora reconcile found a difference');
  if (settledElsewhere !== elsewhere) {
    faults.push(`${settledElsewhere} units are said to be for unknown calls, and ${elsewhere} are`);
  }
  return faults.map((fault) => `${way} left, a batch ${loss.flight}: ${fault}`);
}

/** The books of clients, service and database, up to the loss: served ≤ charged ≤ forwarded + in flight, each call once. */
export function faultsOfGeneration({ begun, served, forwarded, inFlight, lost }: Generation): string[] {
  const faults: string[] = [];
  const charged = [...lost.charges].filter((id) => !begun.has(id));
  const arrived = new Set(forwarded);
  const givenAway = [...served].filter((id) => !lost.charges.has(id));
  const unforwarded = charged.filter((id) => !arrived.has(id));
  if (served.size === 0) faults.push('nothing was served, so nothing is shown');
  if (givenAway.length > 0) faults.push(`served and not charged: ${givenAway.join(', ')}`);
  if (unforwarded.length > 0) faults.push(`charged and not forwarded: ${unforwarded.join(', ')}`);
  if (arrived.size < forwarded.length) faults.push(`${forwarded.length - arrived.size} calls were forwarded twice`);
  const unserved = charged.length - served.size;
  if (unserved > inFlight)
    faults.push(`${unserved} charged calls were not served, and ${inFlight} under way at the kill`);
  return faults;
}

/**
 * What the vault has taken pays first for the charges that came back, and only what is left of it was for others. So an account
 * is asked for what came back, or for what was taken where that is more: for a unit less somebody has worked for nothing, for a
 * unit more the account would pay twice.
 */
function faultsOfAccount({ address, deposited, withdrawn, settled, asked }: AccountAfter, copy?: LeftBooks): string[] {
  const faults: string[] = [];
  const known = copy?.accounts.get(address);
  const cameBack = known ? known.net + known.elsewhere : 0n;
  const due = settled > cameBack ? settled : cameBack;
  if (asked !== due) faults.push(`${address} is asked for ${asked} units, and ${due} are due`);
  if (new Set(deposited).size > 1) faults.push(`${address}: deposits by owner, vault and books are ${deposited}`);
  if (new Set(withdrawn).size > 1) faults.push(`${address}: exits by owner, vault and books are ${withdrawn}`);
  return faults;
}

/** At the end of all: the vault took no more than clients saw served, and paid each payee that much once. */
export function faultsOfEnd(end: LossEnd): string[] {
  const faults = faultsOfGeneration(end);
  let taken = 0n;
  for (const { address, settled, books, most } of end.accounts) {
    taken += settled;
    if (settled > most) faults.push(`${address} has paid ${settled} units, and its calls came to ${most} at the most`);
    if (settled !== books.settled)
      faults.push(`${address} has paid ${settled} units, and ${books.settled} by the books`);
    if (books.owed !== 0n) faults.push(`${address} was sold ${books.owed} units beyond what it had`);
  }
  let earned = 0n;
  for (const { address, most, gross, netPaid, feePaid, holds } of end.payees) {
    earned += gross;
    if (gross > most)
      faults.push(`payee ${address} has earned ${gross} units, and its calls came to ${most} at the most`);
    if (holds !== netPaid || netPaid + feePaid > gross || holds === 0n) {
      faults.push(
        `payee ${address} holds ${holds} units; ${netPaid} were paid out of ${gross}, and ${feePaid} as fees`,
      );
    }
  }
  if (earned !== taken) faults.push(`the payees have earned ${earned} units, and accounts have paid ${taken}`);
  if (!end.reconciled) faults.push('at the end, callora reconcile found a difference');
  return faults;
}
