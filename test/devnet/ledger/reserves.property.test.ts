import type { xdr } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extensionOf } from '../../../src/devnet/ledger/account-extension.ts';
import { minimumBalance } from '../../../src/devnet/ledger/balances.ts';
import { entryData, sponsorOf } from '../../../src/devnet/ledger/entries.ts';
import { accountText } from '../../../src/devnet/ledger/envelope.ts';
import { reservesOf } from '../../../src/devnet/ledger/reserves.ts';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { entriesOf, live } from './random-life.ts';
import { life } from './random-steps.ts';

type Counts = { sponsoring: number; sponsored: number };

describe('random classic transactions', () => {
  it('count what accounts sponsor, and what is sponsored for them, as it is', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const rig = startChain();
        live(rig, sendings, () => {
          const counts = sponsorshipsOf(rig);
          for (const data of entriesOf(rig)) {
            if (data.type !== 'account') continue;
            const { numSponsoring, numSponsored } = extensionOf(data.account);
            const found = counts.get(accountText(data.account.accountId)) ?? { sponsoring: 0, sponsored: 0 };
            expect({ sponsoring: numSponsoring, sponsored: numSponsored }).toEqual(found);
          }
        });
      }),
      { numRuns: 50 },
    );
  });

  it('leave no account below its reserve, except by their fee', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const rig = startChain();
        let before = accountsOf(rig);
        live(rig, sendings, ({ fee, steps }) => {
          const after = accountsOf(rig);
          for (const [id, account] of after) {
            if (account.balance >= minimumBalance(account)) continue;
            const was = before.get(id);
            // Three operations of one step at most are charged for.
            const charged = BigInt(fee) * BigInt(steps.length * 3);
            expect(was && account.balance >= was.balance - charged).toBe(true);
            expect(was && minimumBalance(account) <= minimumBalance(was)).toBe(true);
          }
          before = after;
        });
      }),
      { numRuns: 50 },
    );
  });
});

function accountsOf(rig: ChainRig): Map<string, xdr.AccountEntry> {
  const accounts = new Map<string, xdr.AccountEntry>();
  for (const data of entriesOf(rig)) {
    if (data.type === 'account') accounts.set(accountText(data.account.accountId), data.account);
  }
  return accounts;
}

/** By the sponsors that entries and signers name. */
function sponsorshipsOf(rig: ChainRig): Map<string, Counts> {
  const counts = new Map<string, Counts>();
  const add = (id: xdr.PublicKey | undefined, side: keyof Counts, reserves: number) => {
    if (!id) return;
    const known = counts.get(accountText(id)) ?? { sponsoring: 0, sponsored: 0 };
    counts.set(accountText(id), { ...known, [side]: known[side] + reserves });
  };
  for (const key of rig.chain.entries.keys()) {
    const stored = rig.chain.entries.get(key);
    if (!stored) continue;
    const data = entryData(stored);
    const sponsor = sponsorOf(stored);
    if (sponsor) {
      add(sponsor, 'sponsoring', reservesOf(data));
      add(ownerOf(data), 'sponsored', reservesOf(data));
    }
    if (data.type !== 'account') continue;
    for (const one of extensionOf(data.account).signerSponsors) {
      if (!one) continue;
      add(one, 'sponsoring', 1);
      add(data.account.accountId, 'sponsored', 1);
    }
  }
  return counts;
}

/** What is set aside for others is nobody's. */
function ownerOf(data: xdr.LedgerEntryData): xdr.PublicKey | undefined {
  if (data.type === 'account') return data.account.accountId;
  if (data.type === 'trustline') return data.trustLine.accountId;
  return data.type === 'data' ? data.data.accountId : undefined;
}
