import { createHmac } from 'node:crypto';
import { Keypair } from '@stellar/stellar-sdk/base';

/** S… seed of the ed25519 key made of these 32 bytes. */
export function seedFromBytes(bytes: Uint8Array): string {
  return Keypair.fromRawEd25519Seed(bytes).secret();
}

/** A new S… seed from the operating system's randomness. */
export function randomSeed(): string {
  return Keypair.random().secret();
}

/**
 * A key of its own for another purpose, which survives the loss of everything but `secret`. One key must not sign two kinds
 * of message, and this way there is still one file to keep.
 */
export function deriveSeed(secret: string, purpose: string): string {
  return seedFromBytes(deriveKey(secret, purpose));
}

/** The same as 32 bytes, for what is no signature. */
export function deriveKey(secret: string, purpose: string): Buffer {
  const raw = Keypair.fromSecret(secret).rawSecretKey();
  return createHmac('sha256', raw).update(`callora ${purpose}`).digest();
}
