/** Accounts and their coins. */
import { StrKey } from '@stellar/stellar-sdk';
import { z } from 'zod';
import { accountId } from '../ledger/envelope.ts';
import { RpcError } from '../rpc/json-rpc.ts';
import type { ControlDeps } from './deps.ts';
import { summary } from './ledger-methods.ts';
import { type ControlMethod, method } from './method.ts';

const NAMES_MAX = 100;

const address = z.string().refine(StrKey.isValidEd25519PublicKey, 'must be an account, G...');

export function accountMethods({ chain, friendbot, namedAccount }: ControlDeps): Record<string, ControlMethod> {
  return {
    /** The key pairs that this network derives from names; those that the CLI shows are `account 0` and so on. */
    devnet_accounts: method(
      z.strictObject({
        names: z
          .array(z.string().min(1))
          .max(NAMES_MAX)
          .default([...shownNames()]),
      }),
      ({ names }) => names.map((name) => ({ name, ...namedAccount(name) })),
    ),
    /** Gives the account another sequence number, and closes the ledger that has it. */
    devnet_setSequence: method(
      z.strictObject({ address, sequence: z.string().regex(/^\d{1,19}$/, 'must be the digits of a number') }),
      ({ address: of, sequence }) => {
        chain.setSequence(accountId(of), BigInt(sequence));
        return summary(chain.closeLedger());
      },
    ),
    /** Creates the account, or pays as much again into one that exists. */
    devnet_fund: method(z.strictObject({ address }), async ({ address: to }) => {
      try {
        const { signed, ledger } = await friendbot.give(to);
        return { hash: signed.hash, ledger };
      } catch (error) {
        throw new RpcError('invalidParams', error instanceof Error ? error.message : String(error));
      }
    }),
  };
}

/** How many accounts with coins a new network begins with. */
const SHOWN_ACCOUNTS = 5;

export function* shownNames(count = SHOWN_ACCOUNTS): Iterable<string> {
  for (let index = 0; index < count; index++) yield `account ${index}`;
}
