import {
  Asset,
  AuthClawbackEnabledFlag,
  type AuthFlag,
  AuthRevocableFlag,
  Claimant,
  type Keypair,
  Operation,
  scValToNative,
  type Transaction,
  type xdr,
} from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, keypair, startRig, usdcOf } from './rig.ts';

/** Each classic operation as the stock SDK builds, sends and reads it back. */

let rig: DevnetRig;
let issuer: Keypair;
let ann: Keypair;
let ben: Keypair;
let usdc: Asset;
beforeAll(async () => {
  rig = await startRig();
  [issuer, ann, ben] = [await rig.funded('issuer'), await rig.funded('ann'), await rig.funded('ben')];
  usdc = usdcOf(issuer);
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Sends what several have to sign, and gives the events its operations had. */
async function send(signers: Keypair[], ...operations: xdr.Operation[]): Promise<string[]> {
  const [source = ann] = signers;
  const tx = await rig.build(source, operations, '1000');
  return sendSigned(tx, signers);
}

async function sendSigned(tx: Transaction, signers: Keypair[]): Promise<string[]> {
  tx.sign(...signers);
  const { hash, status } = await rig.server.sendTransaction(tx);
  expect(status).toBe('PENDING');
  const done = await rig.server.pollTransaction(hash);
  expect(done.status).toBe('SUCCESS');
  if (done.status !== 'SUCCESS') return [];
  return done.events.contractEventsXdr.flat().map(({ body }) => String(scValToNative(body.v0.topics[0] ?? never())));
}

function never(): never {
  throw new Error('an event has a topic');
}

describe('the operation builders of the SDK', () => {
  it('make lines, and let and forbid holders', async () => {
    const setFlags = (AuthRevocableFlag | AuthClawbackEnabledFlag) as AuthFlag;
    await send([issuer], Operation.setOptions({ setFlags }));
    await send([ann], Operation.changeTrust({ asset: usdc }));
    await send([ben], Operation.changeTrust({ asset: usdc }));
    const trustor = ann.publicKey();
    const flags = { authorized: false };
    const forbid = Operation.setTrustLineFlags({ trustor, asset: usdc, flags });
    const allow = Operation.allowTrust({ trustor, assetCode: 'USDC', authorize: true });
    expect(await send([issuer], forbid, allow)).toEqual(['set_authorized', 'set_authorized']);
  });

  it('pay along a path, and take back', async () => {
    const destination = ann.publicKey();
    const [sendAsset, destAsset] = [usdc, usdc];
    const receive = { sendAsset, sendMax: '6', destination, destAsset, destAmount: '5' };
    const sending = { sendAsset, sendAmount: '5', destination, destAsset, destMin: '4' };
    const take = { asset: usdc, from: destination, amount: '2' };
    expect(
      await send(
        [issuer],
        Operation.pathPaymentStrictReceive(receive),
        Operation.pathPaymentStrictSend(sending),
        Operation.clawback(take),
      ),
    ).toEqual(['mint', 'mint', 'clawback']);
  });

  it('set balances aside under ids that the SDK foretells', async () => {
    const claimants = [new Claimant(ben.publicKey())];
    const set = Operation.createClaimableBalance({ asset: usdc, amount: '1', claimants });
    const tx = await rig.build(ann, [set, set], '1000');
    const [first, second] = [tx.getClaimableBalanceId(0), tx.getClaimableBalanceId(1)];
    expect(await sendSigned(tx, [ann])).toEqual(['transfer', 'transfer']);
    const entry = await rig.server.getClaimableBalance(first);
    expect(entry.amount).toBe(10_000_000n);
    expect(await send([ben], Operation.claimClaimableBalance({ balanceId: first }))).toEqual(['transfer']);
    expect(await send([issuer], Operation.clawbackClaimableBalance({ balanceId: second }))).toEqual(['clawback']);
  });

  it('sponsor reserves, hand them back, and merge', async () => {
    const fresh = keypair('fresh');
    const source = fresh.publicKey();
    await send(
      [ann, fresh],
      Operation.beginSponsoringFutureReserves({ sponsoredId: source }),
      Operation.createAccount({ destination: source, startingBalance: '0' }),
      Operation.changeTrust({ asset: usdc, source }),
      Operation.manageData({ name: 'a', value: 'x', source }),
      Operation.setOptions({ signer: { ed25519PublicKey: ben.publicKey(), weight: 1 }, source }),
      Operation.endSponsoringFutureReserves({ source }),
    );
    await send(
      [ann],
      Operation.payment({ destination: source, asset: Asset.native(), amount: '5' }),
      Operation.revokeTrustlineSponsorship({ account: source, asset: usdc }),
      Operation.revokeDataSponsorship({ account: source, name: 'a' }),
      Operation.revokeSignerSponsorship({ account: source, signer: { ed25519PublicKey: ben.publicKey() } }),
      Operation.revokeAccountSponsorship({ account: source }),
    );
    await send(
      [fresh],
      Operation.changeTrust({ asset: usdc, limit: '0' }),
      Operation.manageData({ name: 'a', value: null }),
      Operation.bumpSequence({ bumpTo: '0' }),
      Operation.accountMerge({ destination: ann.publicKey() }),
    );
    await expect(rig.server.getAccount(source)).rejects.toThrow();
  });
});
