import type { Log } from '../log.ts';
import { channelSecret, makeChannelOperation } from '../stellar/channel-account.ts';
import { readNativeStroops } from '../stellar/native-balance.ts';
import type { Rpc } from '../stellar/rpc.ts';
import type { Submitter } from '../stellar/submitter.ts';
import { publicKeyOf } from '../stellar/transactions.ts';

export type ChannelsDeps = {
  rpc: Pick<Rpc, 'entries'>;
  submitter: Pick<Submitter, 'submit'>;
  operatorSecret: string;
  /** As many lanes as may have a batch under way: those of the config, and of an earlier one while its batches are open. */
  lanes: () => number;
  whileIdle<T>(work: () => Promise<T>): Promise<T | undefined>;
  log: Log;
};

export type Channels = {
  /** Makes a channel account that is missing; true when there may be another. */
  turn(signal?: AbortSignal): Promise<boolean>;
  /** Whether each lane was seen to have its own. */
  ready(): boolean;
};

export function createChannels(deps: ChannelsDeps): Channels {
  const { rpc, submitter, operatorSecret, log } = deps;
  let next = 1;
  return {
    ready: () => next >= deps.lanes(),
    async turn(signal) {
      if (next >= deps.lanes()) return false;
      const address = publicKeyOf(channelSecret(operatorSecret, next));
      if ((await readNativeStroops(rpc, address, signal)) !== undefined) {
        next++;
        return true;
      }
      const request = { operation: makeChannelOperation(address), secret: operatorSecret };
      const outcome = await deps.whileIdle(() => submitter.submit(request, signal));
      if (outcome === undefined) return false;
      if (outcome.status !== 'landed') {
        const why = outcome.status === 'refused' ? outcome.detail : outcome.reason;
        throw new Error(`the channel account of lane ${next} could not be made: ${why}`);
      }
      log.info({ lane: next, account: address, hash: outcome.hash }, 'a channel account was made');
      return true;
    },
  };
}
