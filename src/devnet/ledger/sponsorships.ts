/**
 * Who, while a transaction runs, keeps the reserves of what an account comes to own (CAP-33). Each must have ended with
 * the transaction; nothing of them is ever stored.
 */
import type { xdr } from '@stellar/stellar-sdk';
import { accountText } from './envelope.ts';

export type Sponsorships = {
  sponsorOf(sponsored: xdr.PublicKey): xdr.PublicKey | undefined;
  isSponsor(account: xdr.PublicKey): boolean;
  begin(sponsored: xdr.PublicKey, sponsor: xdr.PublicKey): void;
  /** False if the account was not sponsored. */
  end(sponsored: xdr.PublicKey): boolean;
  anyOpen(): boolean;
};

export function createSponsorships(): Sponsorships {
  const sponsors = new Map<string, xdr.PublicKey>();
  return {
    sponsorOf: (sponsored) => sponsors.get(accountText(sponsored)),
    isSponsor: (account) => [...sponsors.values()].some((sponsor) => sponsor.equals(account)),
    begin: (sponsored, sponsor) => {
      sponsors.set(accountText(sponsored), sponsor);
    },
    end: (sponsored) => sponsors.delete(accountText(sponsored)),
    anyOpen: () => sponsors.size > 0,
  };
}
