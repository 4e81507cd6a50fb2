import { readTokenAsset } from '../stellar/account-transactions.ts';
import type { Rpc } from '../stellar/rpc.ts';
import type { Store } from '../store/store.ts';
import type { ClassicAsset } from './classic-rules.ts';

const key = 'token_asset';

/** The classic asset behind the vault's token; undefined for a token without one. It never changes, so it is asked once. */
export async function keepTokenAsset(
  deps: { rpc: Rpc; meta: Pick<Store['meta'], 'get' | 'set'> },
  token: string,
  signal?: AbortSignal,
): Promise<ClassicAsset | undefined> {
  const kept = deps.meta.get(key);
  if (kept !== undefined) return parse(kept);
  const asset = await readTokenAsset(deps.rpc, token, signal);
  if (asset) deps.meta.set(key, `${asset.code}:${asset.issuer}`);
  return asset;
}

function parse(text: string): ClassicAsset | undefined {
  const [code, issuer] = text.split(':');
  return code && issuer ? { code, issuer } : undefined;
}
