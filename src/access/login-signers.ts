import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { Keypair, type Transaction } from '@stellar/stellar-sdk/base';

/** Who can sign for an account, the master key with its weight included. Keys other than G… are never matched. */
export type AccountSigners = { mediumThreshold: number; signers: { key: string; weight: number }[] };

/**
 * Judges the signatures of a challenge: one by the gateway, every other one by a different signer of the account, and
 * their weights reach the medium threshold. An account that does not exist on chain (`found` undefined) has its master
 * key as its only signer. Returns undefined when fine, else what is wrong. XDR itself allows no more than 20 signatures.
 */
export function signatureFault(
  transaction: Transaction,
  serverKey: string,
  account: string,
  found: AccountSigners | undefined,
): string | undefined {
  const { mediumThreshold, signers } = found ?? { mediumThreshold: 1, signers: [{ key: account, weight: 1 }] };
  const weights = new Map(signers.filter(({ key }) => key.startsWith('G')).map(({ key, weight }) => [key, weight]));
  // The gateway may be a signer of the account too, but its signature stands on every challenge and proves nothing.
  weights.set(serverKey, 0);
  const payload = transaction.hash();
  const unused = [...weights.keys()].map((key) => Keypair.fromPublicKey(key));
  let weight = 0;
  for (const { hint, signature } of transaction.signatures) {
    const at = unused.findIndex((signer) => {
      return isSame(signer.signatureHint(), hint.toBytes()) && isSigned(signer, payload, signature.toBytes());
    });
    const [signer] = at === -1 ? [] : unused.splice(at, 1);
    if (!signer) return 'A signature is not by a signer of this account, or there twice.';
    weight += weights.get(signer.publicKey()) ?? 0;
  }
  if (unused.some((signer) => signer.publicKey() === serverKey)) return 'The challenge is not signed by this gateway.';
  // A threshold of 0 would let a signer of weight 0 in.
  if (weight >= Math.max(1, mediumThreshold)) return undefined;
  return 'The signatures do not reach the medium threshold of this account.';
}

export function isSignedBy(transaction: Transaction, signer: Keypair): boolean {
  const payload = transaction.hash();
  return transaction.signatures.some(({ hint, signature }) => {
    return isSame(signer.signatureHint(), hint.toBytes()) && isSigned(signer, payload, signature.toBytes());
  });
}

/** Node's own Ed25519 takes 0.2 ms; the SDK's takes 2.5 ms, on the event loop, for anyone who asks. */
function isSigned(signer: Keypair, payload: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && verify(null, payload, keyObject(signer), signature);
}

function keyObject(signer: Keypair): KeyObject {
  const x = Buffer.from(signer.rawPublicKey()).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(Buffer.from(b));
}
