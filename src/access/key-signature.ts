import { compactVerify } from 'jose';
import type { TokenKey } from './keys.ts';

/** Whether this key signed the compact JWS. The algorithm is fixed by the key, whatever the header says. */
export async function isSignedByKey(tokenText: string, key: TokenKey): Promise<boolean> {
  try {
    await compactVerify(tokenText, key.publicKey, { algorithms: ['EdDSA'] });
    return true;
  } catch {
    return false;
  }
}
