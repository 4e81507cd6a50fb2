import type { Config } from '../catalog/model.ts';
import { GatewayError } from '../errors.ts';
import type { Headers } from '../http-json.ts';
import type { RateLimiter } from '../limits/rate.ts';
import type { RootChain, RootsPart } from '../settlement/root-chain.ts';
import { wholeNumber } from './page.ts';
import { throttle } from './throttle.ts';

/** The roots of all confirmed batches, for everyone: with them a receipt leads to the vault's chain value. */
export type RootsDeps = { config: () => Config; rootChain: RootChain; limiter: RateLimiter };

/** A reader of a whole list asks for a part after the other, each half a millisecond. */
const rootsRate = { perSecond: 50, burst: 200 };

const version = 'callora.roots.v1';

export async function publishedRoots(
  { config, rootChain, limiter }: RootsDeps,
  query: URLSearchParams,
  address: string,
): Promise<{ body: unknown; headers: Headers }> {
  throttle(limiter, `roots ${address}`, rootsRate);
  const { passphrase, vault } = config().stellar;
  const head = { version, network_passphrase: passphrase, vault };
  const lane = wholeNumber(query, 'lane', 0, 2 ** 32 - 1);
  if (lane === undefined) return { body: { ...head, lanes: await lanesView(rootChain) }, headers: changing };
  const after = wholeNumber(query, 'cursor', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const part = await rootChain.part(lane, after);
  if (!part) throw new GatewayError('not_found', `lane ${lane} is not in use; /_callora/roots lists the lanes`);
  return { body: { ...head, ...partView(part) }, headers: part.next === undefined ? changing : settled };
}

/** The newest part grows with every settlement; a part that another follows stays what it is. */
const changing: Headers = { 'cache-control': 'public, max-age=2' };
const settled: Headers = { 'cache-control': 'public, max-age=86400' };

async function lanesView(rootChain: RootChain): Promise<unknown[]> {
  const lanes = await rootChain.lanes();
  return lanes.map(({ lane, first, last }) => ({
    lane,
    first_batch: first ?? null,
    last_batch: last.batch,
    chain: last.chain ?? null,
  }));
}

function partView({ lane, after, roots, next }: RootsPart): object {
  return {
    lane,
    after: { batch: after.batch, chain: after.chain ?? null },
    roots: roots.map(({ batch, root, txHash, ledger }) => ({ batch, root, tx_hash: txHash ?? null, ledger })),
    next: next === undefined ? null : String(next),
  };
}
