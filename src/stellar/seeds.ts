import { Keypair } from '@stellar/stellar-sdk/base';

/** S… seed of the ed25519 key made of these 32 bytes. */
export function seedFromBytes(bytes: Uint8Array): string {
  return Keypair.fromRawEd25519Seed(bytes).secret();
}

/** A new S… seed from the operating system's randomness. */
export function randomSeed(): string {
  return Keypair.random().secret();
}
