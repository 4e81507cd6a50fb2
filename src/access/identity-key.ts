import { createPrivateKey, createPublicKey, hash, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { Keypair } from '@stellar/stellar-sdk/base';
import type { PublicJwks } from './keys.ts';

/**
 * A key of the gateway for one kind of message, which it names in `typ`. Its public half stands beside the token keys in the
 * JWKS, yet it is none of them: the token verifier knows only the keys of its own file, and takes no other `typ`.
 */
export type IdentityKey = {
  jwk: PublicJwks['keys'][number];
  /** A compact JWS over this text. The same text gives the same signature, always. */
  sign(payload: string): Promise<string>;
  /** The same on the spot, for the path of a call, which must not wait between its hold and its request. */
  signNow(payload: string): string;
};

const signDetached = promisify(
  (data: Buffer, key: Parameters<typeof sign>[2], done: (error: Error | null, signature: Buffer) => void) =>
    sign(null, data, key, done),
);

/** `seed` is the S… seed that was derived for this purpose alone. */
export function createIdentityKey(seed: string, type: string): IdentityKey {
  const privateKey = createPrivateKey({
    key: Buffer.concat([pkcs8Prefix, Keypair.fromSecret(seed).rawSecretKey()]),
    format: 'der',
    type: 'pkcs8',
  });
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new Error('the platform exports no Ed25519 keys');
  const kid = hash('sha256', `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`, 'base64url');
  const header = encode(JSON.stringify({ alg: 'EdDSA', kid, typ: type }));
  return {
    jwk: { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' },
    async sign(payload) {
      const signed = `${header}.${encode(payload)}`;
      // With a callback, so on a thread of its own: a page of receipts must not hold up calls.
      const signature = await signDetached(Buffer.from(signed), privateKey);
      return `${signed}.${signature.toString('base64url')}`;
    },
    signNow(payload) {
      const signed = `${header}.${encode(payload)}`;
      return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
    },
  };
}

/** RFC 8410: what stands before the 32 bytes of an Ed25519 seed. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
