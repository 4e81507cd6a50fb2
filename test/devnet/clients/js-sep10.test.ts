import { Keypair, Operation, Transaction, WebAuth } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HorizonRig, startHorizonRig } from '../horizon/horizon-rig.ts';
import { keypair } from '../rig.ts';

/** SEP-10 with the SDK, by the signers and thresholds that Horizon tells. */

const [home, auth] = ['home.example', 'auth.example'];
const server = keypair('sep10 server');

let rig: HorizonRig;
beforeAll(async () => {
  rig = await startHorizonRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

/** The challenge for `account`, signed by `signers`. */
function signedChallenge(account: Keypair, signers: readonly Keypair[]): string {
  const { passphrase } = rig.devnet;
  const challenge = WebAuth.buildChallengeTx(server, account.publicKey(), home, 300, passphrase, auth);
  const tx = new Transaction(challenge, passphrase);
  for (const signer of signers) tx.sign(signer);
  return tx.toEnvelope().toXdr('base64');
}

/** Who signed, if they reach the medium threshold of the account as it is on the ledger now. */
async function verify(account: Keypair, challenge: string): Promise<string[]> {
  const { signers, thresholds } = await rig.horizon.loadAccount(account.publicKey());
  const threshold = thresholds.med_threshold;
  const { passphrase } = rig.devnet;
  return WebAuth.verifyChallengeTxThreshold(challenge, server.publicKey(), passphrase, threshold, signers, home, auth);
}

describe('a challenge', () => {
  it('is answered by the key of a plain account, and by no other', async () => {
    const account = await rig.funded('plain');
    expect(await verify(account, signedChallenge(account, [account]))).toEqual([account.publicKey()]);
    const foreign = signedChallenge(account, [Keypair.random()]);
    await expect(verify(account, foreign)).rejects.toThrow(WebAuth.InvalidChallengeError);
  });

  it('for an account of several keys needs as many as its threshold says', async () => {
    const [account, second, third] = [await rig.funded('several'), keypair('second of several'), keypair('third')];
    const thresholds = Operation.setOptions({ lowThreshold: 1, medThreshold: 2, highThreshold: 2 });
    const keys = [second, third].map((key) =>
      Operation.setOptions({ signer: { ed25519PublicKey: key.publicKey(), weight: 1 } }),
    );
    await rig.send(account, ...keys, thresholds);
    const one = signedChallenge(account, [account]);
    await expect(verify(account, one)).rejects.toThrow(/threshold/i);
    const signers = await verify(account, signedChallenge(account, [second, third]));
    expect(signers.toSorted()).toEqual([second.publicKey(), third.publicKey()].toSorted());
  });

  it('is not answered by a master key of weight 0', async () => {
    const [account, heir] = [await rig.funded('disinherited'), keypair('heir')];
    await rig.send(
      account,
      Operation.setOptions({ signer: { ed25519PublicKey: heir.publicKey(), weight: 1 } }),
      Operation.setOptions({ masterWeight: 0, lowThreshold: 1, medThreshold: 1, highThreshold: 1 }),
    );
    await expect(verify(account, signedChallenge(account, [account]))).rejects.toThrow();
    expect(await verify(account, signedChallenge(account, [heir]))).toEqual([heir.publicKey()]);
  });
});
