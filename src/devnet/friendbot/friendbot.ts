/** Gives away native coins, as the public friendbot does: to accounts, which it creates, and to contracts. */
import { Operation, StrKey, xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import { readAccount } from '../ledger/entries.ts';
import { accountId } from '../ledger/envelope.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { createBank } from './bank.ts';
import { createNativeContract } from './native-contract.ts';
import { FriendbotRefusal } from './refusal.ts';

/** What everyone gets, and what those who have as much get no more of. */
const STARTING_STROOPS = 100_000_000_000n;
const STARTING_XLM = String(STARTING_STROOPS / 10_000_000n);

export type Friendbot = {
  /**
   * To an account or contract that has less than the starting balance: as much again, or the account itself. Resolves
   * when the ledger with the payment is closed. Throws FriendbotRefusal.
   */
  fund(address: string): Promise<TransactionRecord>;
  /** The same whatever is there already. */
  give(address: string): Promise<TransactionRecord>;
};

export function createFriendbot(chain: Chain): Friendbot {
  const bank = createBank(chain);
  const native = createNativeContract(chain, bank);

  /** Stroops; undefined when there is no such account. */
  function balanceOf(address: string): bigint | undefined {
    if (StrKey.isValidContract(address)) return native.balanceOf(address);
    return readAccount(chain.entries, accountId(address))?.balance;
  }

  function payment(destination: string): xdr.Operation {
    return balanceOf(destination) === undefined
      ? Operation.createAccount({ destination, startingBalance: STARTING_XLM })
      : Operation.payment({ destination, asset: native.asset, amount: STARTING_XLM });
  }

  async function give(address: string): Promise<TransactionRecord> {
    requireAddress(address);
    const record = StrKey.isValidContract(address)
      ? await native.transfer(address, STARTING_STROOPS)
      : await bank.send(payment(address));
    if (record.successful) return record;
    throw failure(xdr.TransactionResult.fromXdr(record.result));
  }

  return {
    give,
    async fund(address) {
      requireAddress(address);
      if ((balanceOf(address) ?? 0n) >= STARTING_STROOPS) {
        // Some clients look for the first words to tell that nothing is wrong, others for the last.
        const detail = 'account already funded to starting balance (createAccountAlreadyExist)';
        throw new FriendbotRefusal('funded', detail);
      }
      return give(address);
    },
  };
}

function requireAddress(address: string): void {
  if (StrKey.isValidEd25519PublicKey(address) || StrKey.isValidContract(address)) return;
  throw new FriendbotRefusal('address', 'invalid address: must be a valid G or C address');
}

/** Two may ask for one account in the same ledger: for the second it is there already. */
function failure(result: xdr.TransactionResult): FriendbotRefusal {
  const [operation] = result.result.type === 'txFailed' ? result.result.results : [];
  const code = operation?.type === 'opInner' ? operation.tr.value.type : result.result.type;
  const kind = code === 'createAccountAlreadyExist' ? 'funded' : 'failed';
  return new FriendbotRefusal(kind, `${code} (${result.toXdr('base64')})`);
}
