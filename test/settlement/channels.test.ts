import { expect, it } from 'vitest';
import { createNetwork, derivedKeypair } from '../../src/devnet/ledger/network.ts';
import { silentLog } from '../../src/log.ts';
import { createChannels } from '../../src/settlement/channels.ts';

it('a channel account is made for each lane that has a batch under way, also when the config now names fewer', async () => {
  const made: string[] = [];
  let lanes = 1;
  const channels = createChannels({
    rpc: { entries: async () => ({ entries: [], latestLedger: 1 }) },
    submitter: {
      async submit() {
        made.push('account');
        return { status: 'landed', hash: 'aa', ledger: 1, closedAtS: 1, contractEventsXdr: undefined };
      },
    },
    operatorSecret: derivedKeypair(createNetwork('a network', 'channels'), 'operator').secret(),
    lanes: () => lanes,
    whileIdle: (work) => work(),
    log: silentLog(),
  });
  expect([await channels.turn(), made.length]).toEqual([false, 0]);
  // Batches of three lanes are open still.
  lanes = 3;
  expect([await channels.turn(), made.length]).toEqual([true, 1]);
});
