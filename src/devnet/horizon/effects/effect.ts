/** What an operation did to an account, as Horizon tells it. */
import type { xdr } from '@stellar/stellar-sdk';
import { accountOf, accountText, muxedText } from '../../ledger/envelope.ts';

export type Effect = {
  account: string;
  /** The muxed form, where the operation named one. */
  muxed?: { text: string; id: string } | undefined;
  type: keyof typeof effectTypes;
  fields: Readonly<Record<string, unknown>>;
};

/** Numbers of the effects that this network can have. */
export const effectTypes = {
  account_created: 0,
  account_removed: 1,
  account_credited: 2,
  account_debited: 3,
  account_thresholds_updated: 4,
  account_home_domain_updated: 5,
  account_flags_updated: 6,
  signer_created: 10,
  signer_removed: 11,
  signer_updated: 12,
  trustline_created: 20,
  trustline_removed: 21,
  trustline_updated: 22,
  trustline_authorized: 23,
  trustline_deauthorized: 24,
  trustline_authorized_to_maintain_liabilities: 25,
  trustline_flags_updated: 26,
  data_created: 40,
  data_removed: 41,
  data_updated: 42,
  sequence_bumped: 43,
  claimable_balance_created: 50,
  claimable_balance_claimant_created: 51,
  claimable_balance_claimed: 52,
  account_sponsorship_created: 60,
  account_sponsorship_updated: 61,
  account_sponsorship_removed: 62,
  trustline_sponsorship_created: 63,
  trustline_sponsorship_updated: 64,
  trustline_sponsorship_removed: 65,
  data_sponsorship_created: 66,
  data_sponsorship_updated: 67,
  data_sponsorship_removed: 68,
  claimable_balance_sponsorship_created: 69,
  claimable_balance_sponsorship_updated: 70,
  claimable_balance_sponsorship_removed: 71,
  signer_sponsorship_created: 72,
  signer_sponsorship_updated: 73,
  signer_sponsorship_removed: 74,
  claimable_balance_clawed_back: 80,
  contract_credited: 96,
  contract_debited: 97,
} as const;

/** On an account by its bare id. */
export function effectOn(account: xdr.PublicKey | string, type: Effect['type'], fields: Effect['fields'] = {}): Effect {
  return { account: typeof account === 'string' ? account : accountText(account), type, fields };
}

/** On an account as an operation named it. */
export function effectOnMuxed(address: xdr.MuxedAccount, type: Effect['type'], fields: Effect['fields'] = {}): Effect {
  return { account: accountText(accountOf(address)), muxed: muxedText(address), type, fields };
}
