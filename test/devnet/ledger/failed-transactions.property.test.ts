import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountKey, entryData } from '../../../src/devnet/ledger/entries.ts';
import { startChain } from '../chain-rig.ts';
import { keypair } from '../rig.ts';
import { life, live } from './random-life.ts';

describe('random classic transactions', () => {
  it('change nothing but fee and sequence number when they fail, and nothing at all when they are refused', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const rig = startChain();
        let before = rig.chain.history.latest().sequence;
        live(rig, sendings, ({ from }) => {
          const ledger = rig.chain.history.latest();
          const [transaction] = ledger.sequence > before ? ledger.transactions : [];
          before = ledger.sequence;
          if (!transaction || transaction.successful) return;
          const { changes } = rig.closed.at(-1) ?? { changes: [] };
          expect(changes.map(({ key }) => key)).toEqual([accountKey(keypair(from).xdrPublicKey())]);
          const [change] = changes;
          const [old, now] = [change?.before, change?.after].map((stored) => stored && entryData(stored));
          if (old?.type !== 'account' || now?.type !== 'account') throw new Error('no account');
          expect(old.account.balance - now.account.balance).toBe(transaction.feeChargedStroops);
          expect(now.account.seqNum).toBe(transaction.signed.tx.seqNum);
          const { balance: _, seqNum: __, ext: ___, ...others } = now.account;
          expect(old.account).toMatchObject(others);
        });
      }),
      { numRuns: 8 },
    );
  });
});
