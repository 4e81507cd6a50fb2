import { hash, type Keypair, xdr } from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import {
  createSignatureChecker,
  masterKey,
  preAuthorizedKey,
  type WeightedKey,
} from '../../../src/devnet/ledger/signatures.ts';
import { keypair } from '../rig.ts';

const signedHash = new Uint8Array(Buffer.alloc(32, 7));
const [ann, ben] = [keypair('ann'), keypair('ben')];
const preimage = Buffer.from('a secret that is worth a signature');

function signerOf(who: Keypair, weight = 1): WeightedKey {
  return { key: masterKey(who.xdrPublicKey()), weight };
}

const hashX = xdr.SignerKey.signerKeyTypeHashX(hash(preimage));

function revealed(key: xdr.SignerKey): xdr.DecoratedSignature {
  const hint = new xdr.SignatureHint(key.toXdr().subarray(-4));
  return new xdr.DecoratedSignature({ hint, signature: preimage });
}

function payloadKey(who: Keypair, payload: Uint8Array): xdr.SignerKey {
  const signed = new xdr.SignerKeyEd25519SignedPayload({ ed25519: who.rawPublicKey(), payload });
  return xdr.SignerKey.signerKeyTypeEd25519SignedPayload(signed);
}

function checker(...signatures: xdr.DecoratedSignature[]) {
  return createSignatureChecker(signatures, signedHash, new Map());
}

const signedBy = (who: Keypair) => who.signDecorated(Buffer.from(signedHash));

describe('signatures', () => {
  it('count once for each signer, up to the weight that is needed', () => {
    const twice = checker(signedBy(ann), signedBy(ann));
    expect(twice.weighs([signerOf(ann), signerOf(ben)], 2)).toBe(false);
    expect(checker(signedBy(ann), signedBy(ben)).weighs([signerOf(ann), signerOf(ben)], 2)).toBe(true);
  });

  it('count for at most 255, whatever the signer is said to weigh', () => {
    expect(checker(signedBy(ann)).weighs([signerOf(ann, 300)], 256)).toBe(false);
    expect(checker(signedBy(ann)).weighs([signerOf(ann, 300)], 255)).toBe(true);
  });

  it('are needed even where the needed weight is 0', () => {
    expect(checker().weighs([signerOf(ann)], 0)).toBe(false);
    expect(checker(signedBy(ann)).weighs([signerOf(ann)], 0)).toBe(true);
  });

  it('that nobody asked for, or that came after enough, are not used', () => {
    const strangers = checker(signedBy(ann), signedBy(ben));
    expect(strangers.weighs([signerOf(ann)], 1)).toBe(true);
    expect(strangers.allUsed()).toBe(false);
    const enough = checker(signedBy(ann), signedBy(ben));
    expect(enough.weighs([signerOf(ann), signerOf(ben)], 1)).toBe(true);
    expect(enough.allUsed()).toBe(false);
  });

  it('of a revealed preimage count before those of keys', () => {
    const key = hashX;
    const both = checker(signedBy(ann), revealed(key));
    expect(both.weighs([signerOf(ann), { key, weight: 1 }], 1)).toBe(true);
    // The preimage was enough: the signature that stands before it was not needed.
    expect(both.allUsed()).toBe(false);
    expect(both.weighs([signerOf(ann), { key, weight: 1 }], 2)).toBe(true);
    expect(both.allUsed()).toBe(true);
  });

  it('are not needed of a signer that has agreed to this transaction before', () => {
    const agreed = { key: preAuthorizedKey(signedHash), weight: 2 };
    expect(checker().weighs([agreed], 2)).toBe(true);
    expect(checker().weighs([agreed], 3)).toBe(false);
    expect(checker().weighs([{ key: preAuthorizedKey(Buffer.alloc(32, 8)), weight: 2 }], 1)).toBe(false);
    const besides = checker(signedBy(ann));
    expect(besides.weighs([signerOf(ann), agreed], 2)).toBe(true);
    expect(besides.allUsed()).toBe(false);
  });

  it.each(['', 'a', 'abc', 'four', 'a payload that is longer than a hint'])(
    'over a payload of its own count for its signer, by the hint of both: %j',
    (text) => {
      const payload = Buffer.from(text);
      const signature = ann.signPayloadDecorated(payload);
      const signer = { key: payloadKey(ann, payload), weight: 1 };
      expect(checker(signature).weighs([signer], 1)).toBe(true);
      expect(checker(signature).weighs([{ key: payloadKey(ben, payload), weight: 1 }], 1)).toBe(false);
      expect(checker(signature).weighs([{ key: payloadKey(ann, Buffer.from('another')), weight: 1 }], 1)).toBe(false);
      expect(checker(signature).weighs([signerOf(ann)], 1)).toBe(false);
    },
  );
});
