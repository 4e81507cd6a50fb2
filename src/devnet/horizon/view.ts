/**
 * What a request sees of the network. Everything that Horizon says of its reach and name goes through this, so a server
 * that lags, forgets its past or belongs to another network is another view and no matter of any resource.
 */
import type { Chain } from '../ledger/chain.ts';
import { toid } from '../ledger/records.ts';

export type HorizonView = {
  /** Sequence of the newest ledger. */
  readonly latest: number;
  /** Sequence of the oldest ledger that is kept. */
  readonly oldest: number;
  readonly passphrase: string;
};

export function viewOf({ history, network }: Chain): HorizonView {
  return {
    latest: history.latest().sequence,
    oldest: history.oldest().sequence,
    passphrase: network.passphrase,
  };
}

/** Where the cursor `now` stands: after everything in the newest ledger, before the next one. */
export function nowCursor({ latest }: HorizonView): bigint {
  return toid(latest + 1, 0, 0) - 1n;
}
