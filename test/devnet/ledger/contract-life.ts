import { Address, Asset, Contract, nativeToScVal, Operation, type xdr } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import type { ChainRig } from '../chain-rig.ts';
import { prepared } from '../prepared.ts';
import { keypair, usdcOf } from '../rig.ts';
import { hasAccount, send } from './random-life.ts';
import { chapter, NAMES, SETTLED, type Sent } from './random-steps.ts';

/** Random lives in which accounts also call the contracts of their assets, and in which time passes. */

export type Call = {
  kind: 'call';
  from: (typeof NAMES)[number];
  to: (typeof NAMES)[number];
  asset: 'native' | 'usdc';
  name: 'transfer' | 'mint' | 'burn' | 'clawback';
  amount: number;
};
export type Turn = { kind: 'send'; sending: Sent } | Call | { kind: 'wait'; ledgers: number } | { kind: 'fail' };

const name = fc.constantFrom(...NAMES);
const call: fc.Arbitrary<Call> = fc.record({
  kind: fc.constant('call' as const),
  from: name,
  to: name,
  asset: fc.constantFrom('native' as const, 'usdc' as const),
  name: fc.constantFrom('transfer' as const, 'mint' as const, 'burn' as const, 'clawback' as const),
  amount: fc.integer({ min: 1, max: 1_000_000_000 }),
});
const wait = fc.record({ kind: fc.constant('wait' as const), ledgers: fc.integer({ min: 1, max: 20 }) });
const turns: fc.Arbitrary<Turn[]> = fc.oneof(
  { weight: 5, arbitrary: chapter.map((sendings) => sendings.map((sending) => ({ kind: 'send' as const, sending }))) },
  { weight: 5, arbitrary: call.map((one) => [one]) },
  { weight: 1, arbitrary: wait.map((one) => [one]) },
  { weight: 1, arbitrary: fc.constant({ kind: 'fail' as const }).map((one) => [one]) },
);
export const contractLife = fc.array(turns, { minLength: 1, maxLength: 15, size: 'max' }).map((all) => all.flat());

export const usdc = usdcOf(keypair('issuer'));

/** Accounts, lines and the contracts of both assets, with balances that can be taken back. */
export function begin(rig: ChainRig): void {
  for (const other of SETTLED) rig.fund(other);
  const issuer = keypair('issuer');
  rig.submit(issuer, [Operation.setOptions({ setFlags: 10 as never })]);
  for (const asset of [usdc, Asset.native()]) {
    rig.submitSigned(prepared(rig, issuer, Operation.createStellarAssetContract({ asset })));
  }
  for (const who of ['ann', 'ben'].map(keypair)) {
    rig.submit(who, [Operation.changeTrust({ asset: usdc })]);
    rig.submit(issuer, [Operation.payment({ destination: who.publicKey(), asset: usdc, amount: '20' })]);
  }
}

export function liveWithContracts(rig: ChainRig, turns: readonly Turn[], afterEach: (turn: Turn) => void = () => {}) {
  begin(rig);
  for (const one of turns) {
    take(rig, one);
    afterEach(one);
  }
}

function take(rig: ChainRig, one: Turn): void {
  switch (one.kind) {
    case 'send':
      send(rig, one.sending);
      return;
    case 'wait':
      for (let ledger = 0; ledger < one.ledgers; ledger++) rig.chain.closeLedger();
      return;
    case 'fail':
      rig.chain.failNext(1);
      return;
    case 'call':
      callContract(rig, one);
  }
}

function callContract(rig: ChainRig, { from, to, asset, name: method, amount }: Call): void {
  const source = keypair(method === 'mint' || method === 'clawback' ? 'issuer' : from);
  if (!hasAccount(rig, source)) return;
  const token = new Contract((asset === 'usdc' ? usdc : Asset.native()).contractId(rig.passphrase));
  const [sender, receiver] = [from, to].map((who) => new Address(keypair(who).publicKey()).toScVal());
  const value = nativeToScVal(BigInt(amount), { type: 'i128' });
  const args = {
    transfer: [sender, receiver, value],
    mint: [receiver, value],
    burn: [sender, value],
    clawback: [receiver, value],
  };
  const operation = token.call(method, ...(args[method] as xdr.ScVal[]));
  const tx = whatWorks(() => prepared(rig, source, operation));
  if (tx) rig.submitSigned(tx);
}

/** Nothing is sent of a call that its own simulation refuses, as clients do. */
function whatWorks<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
