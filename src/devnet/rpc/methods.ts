/** All methods of Stellar RPC that the devnet has. */
import { entryMethods } from './entry-methods.ts';
import { eventMethods } from './event-methods.ts';
import { feeMethods } from './fee-method.ts';
import { healthMethods } from './health.ts';
import type { RpcMethods } from './json-rpc.ts';
import { ledgerMethods } from './ledger-methods.ts';
import { networkMethods } from './network-methods.ts';
import { sendMethods } from './send-method.ts';
import { simulateMethods } from './simulate-method.ts';
import { transactionMethods } from './transaction-methods.ts';

/** `friendbotUrl` is asked each time: a server knows its own address only once it listens. */
export function rpcMethods(friendbotUrl: () => string): RpcMethods {
  return {
    ...healthMethods,
    ...networkMethods(friendbotUrl),
    ...ledgerMethods,
    ...entryMethods,
    ...sendMethods,
    ...transactionMethods,
    ...simulateMethods,
    ...eventMethods,
    ...feeMethods,
  };
}
