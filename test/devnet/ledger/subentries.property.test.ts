import type { xdr } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startChain } from '../chain-rig.ts';
import { entriesOf, live } from './random-life.ts';
import { life } from './random-steps.ts';

describe('random classic transactions', () => {
  it('count subentries as they are', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const rig = startChain();
        live(rig, sendings);
        const owned = new Map<string, number>();
        const add = (id: xdr.PublicKey, count: number) =>
          owned.set(id.toXdr('hex'), (owned.get(id.toXdr('hex')) ?? 0) + count);
        for (const data of entriesOf(rig)) {
          if (data.type === 'trustline') add(data.trustLine.accountId, 1);
          if (data.type === 'data') add(data.data.accountId, 1);
          if (data.type === 'account') add(data.account.accountId, data.account.signers.length);
        }
        for (const data of entriesOf(rig)) {
          if (data.type !== 'account') continue;
          expect(data.account.numSubEntries).toBe(owned.get(data.account.accountId.toXdr('hex')) ?? 0);
        }
      }),
      { numRuns: 120 },
    );
  });
});
