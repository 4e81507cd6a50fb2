/**
 * Who signed. One checker per transaction: it remembers which signatures counted, because one that no account
 * asked for makes a transaction invalid.
 */
import { createPublicKey, verify } from 'node:crypto';
import { hash, xdr } from '@stellar/stellar-sdk';

export type SignatureChecker = {
  /** Whether the signatures of these signers weigh at least `needed`. */
  weighs(signers: readonly WeightedKey[], needed: number): boolean;
  allUsed(): boolean;
};

export type WeightedKey = { key: xdr.SignerKey; weight: number };

/** Which signature matched which key: a transaction is checked several times on its way, by maths that does not change. */
export type KnownMatches = Map<string, boolean>;

/**
 * Signatures of a transaction over its hash. Signers count kind by kind, as validators do, and no further once their weight
 * is enough: a signature that comes after that is not used.
 */
export function createSignatureChecker(
  signatures: readonly xdr.DecoratedSignature[],
  signedHash: Uint8Array,
  known: KnownMatches,
): SignatureChecker {
  const used = new Set<xdr.DecoratedSignature>();

  /** The weights of what is signed with keys of this kind, one by one. */
  function* weightsOf(signers: readonly WeightedKey[], kind: xdr.SignerKey['type']): Iterable<number> {
    let left = signers.filter(({ key }) => key.type === kind);
    for (const signature of signatures) {
      const signer = left.find(({ key }) => matchesOnce(key, signature, signedHash, known));
      if (!signer) continue;
      used.add(signature);
      left = left.filter((other) => other !== signer);
      yield signer.weight;
    }
  }

  function* weights(signers: readonly WeightedKey[]): Iterable<number> {
    for (const { key, weight } of signers) if (authorizesBeforehand(key, signedHash)) yield weight;
    for (const kind of SIGNING_KINDS) yield* weightsOf(signers, kind);
  }

  return {
    weighs(signers, needed) {
      let total = 0;
      for (const weight of weights(signers)) {
        total += Math.min(weight, MAX_WEIGHT);
        if (total >= needed) return true;
      }
      return false;
    },
    allUsed: () => used.size === signatures.length,
  };
}

const SIGNING_KINDS = ['signerKeyTypeHashX', 'signerKeyTypeEd25519', 'signerKeyTypeEd25519SignedPayload'] as const;

/** The key of a signer that has agreed to this one transaction before it was sent: no signature is needed. */
export function preAuthorizedKey(signedHash: Uint8Array): xdr.SignerKey {
  return xdr.SignerKey.signerKeyTypePreAuthTx(signedHash);
}

function authorizesBeforehand(key: xdr.SignerKey, signedHash: Uint8Array): boolean {
  return key.type === 'signerKeyTypePreAuthTx' && Buffer.from(key.preAuthTx.value).equals(signedHash);
}

const MAX_WEIGHT = 255;

export type ThresholdLevel = 'low' | 'medium' | 'high';

/** The keys that can sign for an account: its own (unless its weight is 0) and its extra signers. */
export function signersOf(account: xdr.AccountEntry): WeightedKey[] {
  const masterWeight = account.thresholds.value[0] ?? 0;
  const master = { key: masterKey(account.accountId), weight: masterWeight };
  return [...(masterWeight > 0 ? [master] : []), ...account.signers];
}

/** A threshold of 0 still asks for one signature that counts. */
export function neededWeight(account: xdr.AccountEntry, level: ThresholdLevel): number {
  const index = { low: 1, medium: 2, high: 3 }[level];
  return account.thresholds.value[index] ?? 0;
}

export function masterKey(id: xdr.PublicKey): xdr.SignerKey {
  return xdr.SignerKey.signerKeyTypeEd25519(id.ed25519);
}

function matchesOnce(
  key: xdr.SignerKey,
  signature: xdr.DecoratedSignature,
  signedHash: Uint8Array,
  known: KnownMatches,
): boolean {
  const pair = `${key.toXdr('hex')} ${signature.toXdr('hex')} ${Buffer.from(signedHash).toString('hex')}`;
  const found = known.get(pair) ?? matches(key, signature, signedHash);
  known.set(pair, found);
  return found;
}

function matches(key: xdr.SignerKey, { hint, signature }: xdr.DecoratedSignature, signedHash: Uint8Array): boolean {
  switch (key.type) {
    case 'signerKeyTypeEd25519':
      return sameTail(hint.value, key.ed25519.value) && verifies(key.ed25519.value, signedHash, signature.value);
    case 'signerKeyTypeHashX':
      return sameTail(hint.value, key.hashX.value) && Buffer.from(hash(signature.value)).equals(key.hashX.value);
    case 'signerKeyTypeEd25519SignedPayload': {
      const { ed25519, payload } = key.ed25519SignedPayload;
      return samePayloadHint(hint.value, ed25519.value, payload) && verifies(ed25519.value, payload, signature.value);
    }
    case 'signerKeyTypePreAuthTx':
      return false;
  }
}

/** The hint of a signed payload: the ends of key and payload, one over the other (CAP-40). */
function samePayloadHint(hint: Uint8Array, key: Uint8Array, payload: Uint8Array): boolean {
  const end = new Uint8Array(hint.length);
  end.set(payload.subarray(Math.max(0, payload.length - hint.length)));
  return hint.every((byte, index) => byte === ((key.at(index - hint.length) ?? 0) ^ (end[index] ?? 0)));
}

function sameTail(hint: Uint8Array, key: Uint8Array): boolean {
  return Buffer.from(hint).equals(key.subarray(key.length - hint.length));
}

/** What an ed25519 key needs in front of it to be a SubjectPublicKeyInfo. */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** Node's own ed25519, which is faster than the SDK's. */
function verifies(publicKey: Uint8Array, signedHash: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const key = createPublicKey({ key: Buffer.concat([SPKI_ED25519, publicKey]), format: 'der', type: 'spki' });
  return verify(null, signedHash, key, signature);
}
