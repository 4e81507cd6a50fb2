import { formatUsdc } from '../money.ts';
import type { AccountSlot, Ledger } from './ledger.ts';

/** An account as decimal USDC text: what the portal, the operator API and the command line show. */
export type AccountFigures = {
  address: string;
  deposited: string;
  charged: string;
  refunded: string;
  settled: string;
  unsettled: string;
  receivable: string;
  withdrawn: string;
  requested: string;
  /** Co-signed exits whose end the chain has not shown yet. */
  exits: string;
  held: string;
  spendable: string;
  /** What may leave at once with the gateway's co-signature. */
  can_leave: string;
  /** Charged, but kept back because the vault does not list the payee. */
  held_for_payee: string;
  written_off: string;
  /** What the operator may take per period. */
  limit: string;
};

export function accountFigures(
  slot: Readonly<AccountSlot>,
  ledger: Pick<Ledger, 'spendable' | 'exitable'>,
): AccountFigures {
  return {
    address: slot.address,
    deposited: formatUsdc(slot.deposited),
    charged: formatUsdc(slot.charged),
    refunded: formatUsdc(slot.refunded),
    settled: formatUsdc(slot.settled),
    unsettled: formatUsdc(slot.unsettled),
    receivable: formatUsdc(slot.receivable),
    withdrawn: formatUsdc(slot.withdrawn),
    requested: formatUsdc(slot.requested),
    exits: formatUsdc(slot.exits),
    held: formatUsdc(slot.held),
    spendable: formatUsdc(ledger.spendable(slot)),
    can_leave: formatUsdc(ledger.exitable(slot)),
    held_for_payee: formatUsdc(slot.heldForPayee),
    written_off: formatUsdc(slot.writtenOff),
    limit: formatUsdc(slot.limit),
  };
}
