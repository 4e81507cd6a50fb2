import type { Chain } from '../ledger/chain.ts';
import type { SignedTransaction } from '../ledger/envelope.ts';
import { fromBase64 } from './xdr-output.ts';

/** Undefined when the text is no envelope in base64. */
export function readTransaction(chain: Pick<Chain, 'read'>, envelope: string): SignedTransaction | undefined {
  const bytes = fromBase64(envelope);
  if (!bytes) return undefined;
  try {
    return chain.read(bytes);
  } catch {
    return undefined;
  }
}
