import type { Faults } from '../faults/faults.ts';
import type { Friendbot } from '../friendbot/friendbot.ts';
import type { Chain } from '../ledger/chain.ts';

export type ControlDeps = {
  chain: Chain;
  faults: Faults;
  friendbot: Friendbot;
  /** Key pairs that only depend on the network's seed and a name. */
  namedAccount: (name: string) => { address: string; secret: string };
};
