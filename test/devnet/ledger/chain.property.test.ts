import { Asset, type Keypair, Operation, type xdr } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountKey, entryData } from '../../../src/devnet/ledger/entries.ts';
import { TOTAL_COINS_STROOPS } from '../../../src/devnet/ledger/header.ts';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { keypair, usdcOf } from '../rig.ts';

/** What random classic operations can never do, whatever their results. */

const NAMES = ['issuer', 'ann', 'ben', 'cat'] as const;
type Name = (typeof NAMES)[number];

type Step =
  | { kind: 'create'; to: Name; amount: string }
  | { kind: 'pay'; to: Name; asset: 'native' | 'usdc'; amount: string }
  | { kind: 'trust'; limit: string }
  | { kind: 'merge'; into: Name }
  | { kind: 'data'; name: string; value: string | null }
  | { kind: 'bump'; by: number }
  | { kind: 'signer'; who: Name; weight: number };
type Sent = { from: Name; steps: Step[]; fee: string };

const name = fc.constantFrom(...NAMES);
const amount = fc.oneof(fc.constantFrom('0.0000001', '1', '49.5', '1000'), fc.integer({ min: 1, max: 99 }).map(String));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('create' as const), to: name, amount }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      to: name,
      asset: fc.constantFrom('native' as const, 'usdc' as const),
      amount,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('trust' as const), limit: fc.constantFrom('0', '10', '1000000') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('merge' as const), into: name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('data' as const),
      name: fc.constantFrom('a', 'b'),
      value: fc.constantFrom('x', null),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bump' as const), by: fc.integer({ min: -2, max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('signer' as const), who: name, weight: fc.integer({ min: 0, max: 1 }) }),
  },
);
const sent: fc.Arbitrary<Sent> = fc.record({
  from: name,
  steps: fc.array(step, { minLength: 1, maxLength: 3 }),
  fee: fc.constantFrom('100', '100', '100', '99', '10000'),
});
const life = fc.array(sent, { minLength: 1, maxLength: 20 });

function operationOf(step: Step, from: Keypair, sequence: bigint): xdr.Operation {
  const usdc = usdcOf(keypair('issuer'));
  switch (step.kind) {
    case 'create':
      return Operation.createAccount({ destination: keypair(step.to).publicKey(), startingBalance: step.amount });
    case 'pay': {
      const asset = step.asset === 'usdc' ? usdc : Asset.native();
      return Operation.payment({ destination: keypair(step.to).publicKey(), asset, amount: step.amount });
    }
    case 'trust':
      return Operation.changeTrust({ asset: usdc, limit: step.limit });
    case 'merge':
      return Operation.accountMerge({ destination: keypair(step.into).publicKey() });
    case 'data':
      return Operation.manageData({ name: step.name, value: step.value });
    case 'bump':
      return Operation.bumpSequence({ bumpTo: (sequence + BigInt(step.by)).toString() });
    case 'signer':
      return Operation.setOptions({ signer: { ed25519PublicKey: keypair(step.who).publicKey(), weight: step.weight } });
  }
  throw new Error(`no operation for ${from.publicKey()}`);
}

function live(rig: ChainRig, sendings: readonly Sent[], afterEach: (sending: Sent) => void = () => {}): void {
  for (const other of NAMES) rig.fund(other);
  for (const sending of sendings) {
    const from = keypair(sending.from);
    if (!rig.chain.entries.get(accountKey(from.xdrPublicKey()))) continue;
    const { seqNum } = rig.account(from);
    const operations = sending.steps.map((one) => operationOf(one, from, seqNum));
    rig.submit(from, operations, { fee: sending.fee });
    afterEach(sending);
  }
}

function* entriesOf(rig: ChainRig): Iterable<xdr.LedgerEntryData> {
  for (const key of rig.chain.entries.keys()) {
    const stored = rig.chain.entries.get(key);
    if (stored) yield entryData(stored);
  }
}

describe('random classic transactions', () => {
  it('neither make nor lose native coins: accounts and fees hold all there ever was', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const rig = startChain();
        live(rig, sendings, () => {
          let held = rig.chain.history.latest().closed.header.feePool;
          for (const data of entriesOf(rig)) if (data.type === 'account') held += data.account.balance;
          expect(held).toBe(TOTAL_COINS_STROOPS);
        });
      }),
      { numRuns: 8 },
    );
  });

  it('leave of an asset what its issuer paid out less what came back', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const rig = startChain();
        live(rig, sendings);
        let issued = 0n;
        for (const { record } of rig.closed) {
          for (const transaction of record.transactions) if (transaction.successful) issued += issuedBy(transaction);
        }
        let held = 0n;
        for (const data of entriesOf(rig)) if (data.type === 'trustline') held += data.trustLine.balance;
        expect(held).toBe(issued);
      }),
      { numRuns: 8 },
    );
  });

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
      { numRuns: 8 },
    );
  });

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

  it('give the same ledger hash when they are sent again to a network of the same seed', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const [one, two] = [startChain(), startChain()];
        for (const rig of [one, two]) live(rig, sendings);
        const hashes = [one, two].map((rig) => Buffer.from(rig.chain.history.latest().closed.hash).toString('hex'));
        expect(hashes[0]).toBe(hashes[1]);
      }),
      { numRuns: 5 },
    );
  });
});

/** USDC that a successful transaction of anybody made (from the issuer) or ended (to the issuer). */
function issuedBy({ signed }: ChainRig['closed'][number]['record']['transactions'][number]): bigint {
  const issuer = keypair('issuer').xdrPublicKey();
  return signed.tx.operations.reduce((sum, { body }) => {
    if (body.type !== 'payment' || body.paymentOp.asset.type === 'assetTypeNative') return sum;
    const { destination, amount: moved } = body.paymentOp;
    const toIssuer = destination.type === 'keyTypeEd25519' && issuer.ed25519.equals(destination.ed25519);
    const fromIssuer = signed.source.equals(issuer);
    if (fromIssuer === toIssuer) return sum;
    return fromIssuer ? sum + moved : sum - moved;
  }, 0n);
}
