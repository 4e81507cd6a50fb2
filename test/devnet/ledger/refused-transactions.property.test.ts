import { hash, type xdr } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountKey, entryData } from '../../../src/devnet/ledger/entries.ts';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { contractLife, liveWithContracts } from './contract-life.ts';

describe('random transactions, classic and of contracts', () => {
  it('change nothing at all when they are refused, and nothing but fee and sequence number when they fail', () => {
    fc.assert(
      fc.property(contractLife, (turns) => {
        const rig = startChain();
        const { submit } = rig.chain;
        rig.chain.submit = (signed, inRow) => {
          const before = digest(rig);
          const { sequence } = rig.chain.history.latest();
          const answer = submit(signed, inRow);
          if (answer.status !== 'PENDING') {
            expect(rig.chain.history.latest().sequence).toBe(sequence);
            expect(digest(rig)).toBe(before);
          } else if (rig.chain.history.transaction(signed.hash)?.successful === false) {
            expectFeeAndSequence(rig, signed.source, signed.tx.seqNum);
          }
          return answer;
        };
        liveWithContracts(rig, turns);
      }),
      { numRuns: 120 },
    );
  });
});

/** In the latest ledger, in which the failed transaction is alone. */
function expectFeeAndSequence(rig: ChainRig, source: xdr.PublicKey, seqNum: bigint): void {
  const { changes, record } = rig.closed.at(-1) ?? { changes: [], record: undefined };
  const kept = changes.filter(({ key }) => !record?.evicted.includes(key));
  expect(kept.map(({ key }) => key)).toEqual([accountKey(source)]);
  const [old, now] = [kept[0]?.before, kept[0]?.after].map((stored) => stored && entryData(stored));
  if (old?.type !== 'account' || now?.type !== 'account') throw new Error('no account');
  expect(old.account.balance - now.account.balance).toBe(record?.transactions[0]?.feeChargedStroops);
  expect(now.account.seqNum).toBe(seqNum);
  const { balance: _, seqNum: __, ext: ___, ...others } = now.account;
  expect(old.account).toMatchObject(others);
}

function digest({ chain }: ChainRig): string {
  const lines = [...chain.entries.keys()].sort().map((key) => {
    const stored = chain.entries.get(key);
    return `${key} ${stored && Buffer.from(stored.entry).toString('hex')} ${stored?.liveUntil}`;
  });
  return Buffer.from(hash(lines.join('\n'))).toString('hex');
}
