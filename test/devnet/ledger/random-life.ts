import { Asset, type Keypair, Operation, type xdr } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { accountKey, entryData } from '../../../src/devnet/ledger/entries.ts';
import type { ChainRig } from '../chain-rig.ts';
import { keypair, usdcOf } from '../rig.ts';

/** Random lives of a few accounts: whatever becomes of their transactions, some things must hold. */

export const NAMES = ['issuer', 'ann', 'ben', 'cat'] as const;
type Name = (typeof NAMES)[number];

type Step =
  | { kind: 'create'; to: Name; amount: string }
  | { kind: 'pay'; to: Name; asset: 'native' | 'usdc'; amount: string }
  | { kind: 'trust'; limit: string }
  | { kind: 'merge'; into: Name }
  | { kind: 'data'; name: string; value: string | null }
  | { kind: 'bump'; by: number }
  | { kind: 'signer'; who: Name; weight: number };
export type Sent = { from: Name; steps: Step[]; fee: string };

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
export const sent: fc.Arbitrary<Sent> = fc.record({
  from: name,
  steps: fc.array(step, { minLength: 1, maxLength: 3 }),
  fee: fc.constantFrom('100', '100', '100', '99', '10000'),
});
export const life = fc.array(sent, { minLength: 1, maxLength: 20 });

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

export function live(rig: ChainRig, sendings: readonly Sent[], afterEach: (sending: Sent) => void = () => {}): void {
  for (const other of NAMES) rig.fund(other);
  for (const sending of sendings) if (send(rig, sending)) afterEach(sending);
}

/** False where the sender has no account, and nothing was sent. */
export function send(rig: ChainRig, sending: Sent): boolean {
  const from = keypair(sending.from);
  if (!hasAccount(rig, from)) return false;
  const { seqNum } = rig.account(from);
  const operations = sending.steps.map((one) => operationOf(one, from, seqNum));
  rig.submit(from, operations, { fee: sending.fee });
  return true;
}

export function hasAccount(rig: ChainRig, who: Keypair): boolean {
  return rig.chain.entries.get(accountKey(who.xdrPublicKey())) !== undefined;
}

export function* entriesOf(rig: ChainRig): Iterable<xdr.LedgerEntryData> {
  for (const key of rig.chain.entries.keys()) {
    const stored = rig.chain.entries.get(key);
    if (stored) yield entryData(stored);
  }
}
